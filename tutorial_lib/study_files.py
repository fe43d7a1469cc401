"""The files of a study: the result, and the journal of one that is under way."""

import json
import os
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch

from tutorial_lib.checkpoints import (
    CheckpointError,
    load_checkpoint,
    save_checkpoint,
)
from tutorial_lib.files import atomic_writer
from tutorial_lib.study_results import Run, Sheet, Study

FILE_NAME = "pretraining_study.json"
STORED = Path(__file__).parent / "data" / FILE_NAME


def save_study(path: Path, study: Study) -> None:
    """Write a study to ``path`` (.json), and its filters beside it (.npz)."""
    with atomic_writer(path.with_suffix(".npz")) as file:
        np.savez_compressed(
            file,
            allow_pickle=False,
            names=np.array(list(study.sheets)),
            levels=np.array([levels for levels, _ in study.sheets.values()]),
            scales=np.array([scale for _, scale in study.sheets.values()]),
        )
    about = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in study.about.items()]
    runs = ",\n".join(json.dumps(asdict(run)) for run in study.runs)  # a run a line, for diff
    with atomic_writer(path) as file:
        file.write(("{" + ",\n".join([*about, f'"runs": [\n{runs}\n]']) + "}\n").encode())


def load_study(path: str | Path | None = None) -> Study:
    """Read a study.

    Parameters
    ----------
    path : path, optional
        The ``pretraining_study.json`` that ``python -m tutorial_lib study`` wrote, its ``.npz``
        beside it; by default the result that comes with the package.

    Returns
    -------
    Study

    Raises
    ------
    ValueError
        If there is no study in these files.
    """
    path = STORED if path is None else Path(path)
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        runs = tuple(Run(**run) for run in about.pop("runs"))
        archive = BytesIO(path.with_suffix(".npz").read_bytes())
        with np.load(archive, allow_pickle=False) as arrays:
            sheets = zip(arrays["levels"], arrays["scales"].tolist(), strict=True)
            named = dict(zip(arrays["names"].tolist(), sheets, strict=True))
    except (OSError, EOFError, LookupError, TypeError, ValueError, BadZipFile) as error:
        raise ValueError(
            f"{path} and the .npz beside it hold no study ({error}). "
            "Make them with: python -m tutorial_lib study"
        ) from error
    return Study(runs, about, named)


class Journal:
    """What is done, so that it is not done again.

    In the folder, ``journal.jsonl`` has a first line with the settings, then one line per finished
    run and one per pre-trained stack; ``filters.checkpoint`` holds the filters.

    Parameters
    ----------
    folder : Path
        Made if missing; what is there is read.
    settings : dict
        As JSON can hold them; a folder that was begun with others is refused.

    Raises
    ------
    CheckpointError
        If the folder is of another study, or its journal is damaged.
    """

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self.path = folder / "journal.jsonl"
        self.settings = settings
        self.runs: dict[tuple[Any, ...], Run] = {}
        self.pretraining: dict[int, dict[str, Any]] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._filters = folder / "filters.checkpoint"
        lines = _whole_lines(self.path)
        try:
            self._read([json.loads(line) for line in lines])
        except (ValueError, TypeError, KeyError) as error:
            raise CheckpointError(
                f"{self.path} is damaged ({error}). Delete {folder} to begin anew."
            ) from None

    def _read(self, entries: list[dict[str, Any]]) -> None:
        if not entries:
            self._append({"settings": self.settings})
        for entry in entries[:1]:
            if entry["settings"] != self.settings:
                raise CheckpointError(
                    f"{self.path.parent} holds a study with other settings. Choose another "
                    "folder with --out, or delete this one."
                )
        for entry in entries[1:]:
            if "pretraining" in entry:
                self.pretraining[entry["pretraining"]["seed"]] = entry["pretraining"]
            else:
                self._note(Run(**entry["run"]))

    def _note(self, run: Run) -> None:
        self.runs[run.seed, run.n_labels, run.depth, run.start] = run

    def add_pretraining(self, pretraining: dict[str, Any]) -> None:
        """Note that a seed's stack is pre-trained, and how that went."""
        self.pretraining[pretraining["seed"]] = pretraining
        self._append({"pretraining": pretraining})

    def add_run(self, run: Run) -> None:
        """Note a finished run."""
        self._note(run)
        self._append({"run": asdict(run)})

    def _append(self, entry: dict[str, Any]) -> None:
        with self.path.open("ab") as file:
            file.write(json.dumps(entry).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def add_filters(self, name: str, sheet: Sheet) -> None:
        """Keep filters under a name."""
        sheets = {**self.filters(), name: sheet}
        state = {key: [torch.from_numpy(levels), scale] for key, (levels, scale) in sheets.items()}
        save_checkpoint(self._filters, state)

    def filters(self) -> dict[str, Sheet]:
        """Return the filters kept so far."""
        if not self._filters.exists():
            return {}
        kept = load_checkpoint(self._filters)
        return {name: (levels.numpy(), scale) for name, (levels, scale) in kept.items()}


def _whole_lines(path: Path) -> list[bytes]:
    """Return a file's lines; a last one without its end, which a killed process left, is cut."""
    if not path.exists():
        return []
    whole, _, torn = path.read_bytes().rpartition(b"\n")
    if torn:
        with path.open("r+b") as file:
            file.truncate(len(whole) + bool(whole))
    return whole.split(b"\n") if whole else []
