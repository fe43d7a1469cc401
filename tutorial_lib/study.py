"""The command ``study``: when does pre-training help, and when not?

It fine-tunes networks of several depths on several numbers of labels, from random and from
pre-trained weights, with several seeds, and writes ``pretraining_study.json`` and ``.npz``, such
as the package has in its folder ``data``. Each finished run is a line of a journal: a stopped
study goes on where it was with the same command, and a finished one runs nothing again. Seeds
come one after the other, and the result is written after each.
"""

import argparse
import os
import sys
from importlib import metadata
from pathlib import Path

import torch
from tqdm.auto import tqdm

from tutorial_lib.checkpoints import CheckpointError
from tutorial_lib.checks import whole_number
from tutorial_lib.loop import TrainingDiverged
from tutorial_lib.mnist import load_mnist
from tutorial_lib.study_files import FILE_NAME, Journal, load_study, save_study
from tutorial_lib.study_results import Run, Study, format_study, sheet_name
from tutorial_lib.study_settings import PRESETS, Cell, Preset, StudySettings, study_settings
from tutorial_lib.study_training import Seed

__all__ = ["Run", "Study", "add_arguments", "load_study", "run"]

_N_SEEDS = {"full": 5, "quick": 1}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--preset",
        choices=PRESETS,
        default="full",
        help="full (default): over an hour on one thread; quick: tiny networks, in seconds",
    )
    parser.add_argument(
        "--seeds",
        type=whole_number(1, 1000),
        metavar="K",
        help="seeds 0 to K - 1 (default 5; quick: 1)",
    )
    parser.add_argument(
        "--out", type=Path, help="folder of journal and result (default results/study-PRESET)"
    )
    parser.add_argument("--threads", type=whole_number(1, 1024), help="CPU threads (default: all)")
    parser.add_argument("--quiet", action="store_true", help="show no progress bar")


def run(arguments: argparse.Namespace) -> int:
    """Carry the command out and return its exit status."""
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    folder = arguments.out or Path("results") / f"study-{arguments.preset}"
    n_seeds = arguments.seeds or _N_SEEDS[arguments.preset]
    try:
        study = _carry_out(folder, arguments.preset, n_seeds, progress=not arguments.quiet)
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on from here.", file=sys.stderr)
        return 130
    except (CheckpointError, TrainingDiverged) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        told = f"{folder} cannot be written ({error.strerror or error})"
        print(f"{told}; make room, or give --out another folder.", file=sys.stderr)
        return 1
    print(f"{format_study(study)}\n\nWritten to {folder / FILE_NAME}")
    return 0


def _carry_out(folder: Path, preset: Preset, n_seeds: int, *, progress: bool) -> Study:
    settings = study_settings(preset)
    journal = Journal(folder, settings.as_json())
    digits = load_mnist(progress=progress)
    result = folder / FILE_NAME
    with _Bar(settings, journal, n_seeds, disable=not progress) as bar:
        for number in range(n_seeds):
            seed = Seed(number, settings, digits, folder / "pretrained" / f"seed{number}")
            if _run_seed(seed, journal, bar):
                save_study(result, _collect(journal, preset, number + 1))
    # A result that is there stays, with the versions and the machine that it was made with.
    if not _is_stored(result, n_seeds):
        save_study(result, _collect(journal, preset, n_seeds))
    return load_study(result)


def _is_stored(result: Path, n_seeds: int) -> bool:
    try:
        return load_study(result).seeds == [*range(n_seeds)]
    except ValueError:
        return False


def _run_seed(seed: Seed, journal: Journal, bar: "_Bar") -> bool:
    """Do what is left of a seed, and tell whether there was anything."""
    cells = seed.settings.cells()
    left = [cell for cell in cells if (seed.number, *cell) not in journal.runs]
    if left:
        _pretrain(seed, journal, bar)
    for cell in left:
        bar.name(f"seed {seed.number}, {cell.n_labels:,} labels, depth {cell.depth}, {cell.start}")
        finished, sheet = seed.run(cell)
        if seed.number == 0:
            journal.add_filters(sheet_name(cell.start, cell.n_labels, cell.depth), sheet)
        journal.add_run(finished)
        bar.update(seed.settings.work(cell))
    return bool(left)


def _pretrain(seed: Seed, journal: Journal, bar: "_Bar") -> None:
    """Pre-train a seed's stack, or take it from its checkpoints."""
    bar.name(f"seed {seed.number}, pre-training")
    histories = seed.pretrain()
    if seed.number in journal.pretraining:
        return
    if seed.number == 0:
        for start, sheet in seed.filters_before().items():
            journal.add_filters(sheet_name(start), sheet)
    journal.add_pretraining(
        {
            "seed": seed.number,
            "cost": [[float(f"{cost:.5g}") for cost in history.cost] for history in histories],
            "seconds": round(sum(history.seconds for history in histories), 1),
        }
    )
    bar.update(seed.settings.pretraining_work())


def _collect(journal: Journal, preset: Preset, n_seeds: int) -> Study:
    """Return the study of the first seeds."""
    runs = tuple(run for run in journal.runs.values() if run.seed < n_seeds)
    pretraining = [journal.pretraining[number] for number in range(n_seeds)]
    seconds = sum(run.seconds for run in runs) + sum(one["seconds"] for one in pretraining)
    about = {
        "command": f"python -m tutorial_lib study --preset {preset} --seeds {n_seeds}",
        "versions": {"tutorial_lib": _version(), "torch": torch.__version__},
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "seconds": round(seconds),
        "settings": journal.settings,
        "pretraining": pretraining,
    }
    return Study(runs, about, journal.filters())


def _version() -> str:
    try:
        return metadata.version("tutorial-lib")
    except metadata.PackageNotFoundError:
        return "not installed"


class _Bar:
    """A progress bar over all runs; its time left knows that some take much longer than others."""

    def __init__(
        self, settings: StudySettings, journal: Journal, n_seeds: int, *, disable: bool
    ) -> None:
        self.settings, self.journal = settings, journal
        cells = settings.cells()
        self.n_runs = n_seeds * len(cells)
        done = sum(settings.work(Cell(*key[1:])) for key in journal.runs if key[0] < n_seeds)
        done += settings.pretraining_work() * sum(k < n_seeds for k in journal.pretraining)
        each = settings.pretraining_work() + sum(map(settings.work, cells))
        self._bar = tqdm(
            total=n_seeds * each,
            initial=done,
            disable=disable,
            bar_format="{percentage:3.0f}%|{bar}| {elapsed} so far, {remaining} left: {desc}",
        )

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def name(self, text: str) -> None:
        """Say what is being done."""
        self._bar.set_description_str(f"{len(self.journal.runs)} of {self.n_runs} runs; {text}")

    def update(self, work: int) -> None:
        """Count something as done."""
        self._bar.update(work)
