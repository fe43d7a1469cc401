"""Kill the command (SIGKILL) before and after every change that it makes to its folder.

A process of its own, because it forks: `python killed_reproduction.py FOLDER`. For each moment it
starts the command anew, kills it there, resumes it, and compares what was left with a run in
peace. It prints the number of moments as JSON; a difference ends it with an exit status.
"""

import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_reproduction import command, results, tiny_recipe, use_tiny_recipes, without_times

from tutorial_lib import loop
from tutorial_lib.checkpoints import load_checkpoint

OPTIONS = ("--seeds", "2", "--no-control", "--quiet")


class Moments:
    """Counts the moments before and after each change of a file's name; kills at one of them."""

    def __init__(self, patch: pytest.MonkeyPatch, fatal: int | None) -> None:
        self.n = 0
        self.fatal = fatal
        for owner, name in ((Path, "replace"), (Path, "rename"), (os, "unlink"), (os, "rmdir")):
            patch.setattr(owner, name, self.watched(getattr(owner, name)))

    def watched(self, change: Callable[..., Any]) -> Callable[..., Any]:
        def watching(*arguments: Any, **options: Any) -> Any:
            self.pass_by()
            changed = change(*arguments, **options)
            self.pass_by()
            return changed

        return watching

    def pass_by(self) -> None:
        self.n += 1
        if self.n == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)


def in_child(work: Callable[[], int]) -> int:
    """Return the status with which a child process does the work; negative if it was killed."""
    child = os.fork()
    if child == 0:
        status = 99
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            status = work()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def reproduce(folder: Path, *, fatal: int | None = None) -> int:
    with pytest.MonkeyPatch.context() as patch:
        Moments(patch, fatal)
        # Where a run came to its end, the folder is free for another.
        return command(folder, *OPTIONS, "--resume")


def count_moments(folder: Path) -> int:
    with pytest.MonkeyPatch.context() as patch:
        moments = Moments(patch, None)
        if command(folder, *OPTIONS) != 0:
            raise SystemExit("the run in peace failed")
    return moments.n


def outcome(folder: Path) -> Any:
    model = {k: v.tolist() for k, v in load_checkpoint(folder / "model.checkpoint").items()}
    # A file that was being written keeps its temporary, hidden name; nobody takes it for another.
    hidden = (".results.json.", ".report.html.", ".model.checkpoint.")
    names = [file.name for file in folder.iterdir() if not file.name.startswith(hidden)]
    return without_times(results(folder)), model, sorted(names)


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    patch = pytest.MonkeyPatch()
    use_tiny_recipes(patch, pictures=False)
    patch.setattr(loop, "CHECKPOINT_SECONDS", 0)
    patch.setattr(os, "fsync", lambda descriptor: None)  # slow, and only a power cut would tell
    tempfile.gettempdir()  # leaves a file and removes it, at its first use
    recipe = tiny_recipe("sda")
    short = replace(recipe, fine_tuning=replace(recipe.fine_tuning, n_epochs=2))
    patch.setattr("tutorial_lib.reproduce.get_recipe", lambda name, preset: short)
    stdout = sys.stdout
    sys.stdout = sys.stderr  # the table of the run in peace
    n_moments = count_moments(folder / "peace")
    expected = outcome(folder / "peace")
    for fatal in range(1, n_moments + 1):
        killed = folder / f"killed{fatal}"
        status = in_child(lambda killed=killed, fatal=fatal: reproduce(killed, fatal=fatal))
        if status != -signal.SIGKILL:
            raise SystemExit(f"moment {fatal}: ended with {status} instead of being killed")
        status = in_child(lambda killed=killed: reproduce(killed))
        if status != 0:
            raise SystemExit(f"moment {fatal}: resuming failed with status {status}")
        if outcome(killed) != expected:
            raise SystemExit(f"moment {fatal}: not what a run in peace leaves")
    print(json.dumps(n_moments), file=stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
