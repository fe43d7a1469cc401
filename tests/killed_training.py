"""Train small networks that are killed (SIGKILL) again and again, until they get to the end.

A process of its own, because it forks: `python killed_training.py FOLDER`. For each optimiser it
leaves in FOLDER the checkpoints of a training in peace and of one that was killed, and it prints
the number of kills as JSON. PyTorch is imported once, and its threads are never started.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import torch
from small_jobs import FILES, OPTIMISERS, train

from tutorial_lib import loop

N_EPOCHS = 12


def start(optimiser: str, folder: Path) -> int:
    """Train in a child process; return its number."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            loop.CHECKPOINT_SECONDS = 0
            train(optimiser, folder, n_epochs=N_EPOCHS)
            status = 0
        finally:
            os._exit(status)
    return child


def progress(folder: Path) -> list[int]:
    """What changes whenever a checkpoint is replaced."""
    return [path.stat().st_ino for pattern in FILES for path in folder.glob(pattern)]


def ended(child: int) -> int | None:
    number, status = os.waitpid(child, os.WNOHANG)
    return None if number == 0 else os.waitstatus_to_exitcode(status)


def wait_for_news(child: int, folder: Path) -> int | None:
    """Return once a checkpoint was written, or the child's exit status if it ended before."""
    before = progress(folder)
    while progress(folder) == before:
        if (status := ended(child)) is not None:
            return status
        time.sleep(0.0002)
    return ended(child)


def train_under_fire(optimiser: str, folder: Path, draw: random.Random) -> int:
    """Kill the training at random moments until it gets to the end; return the number of kills."""
    kills = 0
    while True:
        child = start(optimiser, folder)
        # Now and then before it wrote anything, else soon after: in a step, or in the next writing.
        early = draw.random() < 0.2
        status = ended(child) if early else wait_for_news(child, folder)
        if status is None:
            time.sleep(draw.uniform(0, 0.02 if early else 0.008))
            os.kill(child, signal.SIGKILL)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status == 0:
            return kills
        if status != -signal.SIGKILL:
            raise SystemExit(f"{optimiser}: a resumed training failed with status {status}")
        kills += 1


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    draw = random.Random(0)
    kills = {}
    for optimiser in OPTIMISERS:
        # In peace first: PyTorch imports much at its first use, which no child need do again.
        train(optimiser, folder / f"{optimiser}-peace", n_epochs=N_EPOCHS)
        killed = folder / f"{optimiser}-killed"
        killed.mkdir()
        kills[optimiser] = train_under_fire(optimiser, killed, draw)
    print(json.dumps(kills))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
