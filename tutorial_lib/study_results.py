"""What the study of pre-training found: its runs, and some of its filters.

The package brings the result of a long run, which `study_files.load_study` reads in no time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from tutorial_lib.checks import require_choice
from tutorial_lib.comparison import summarise

Start = Literal["random", "pretrained"]
STARTS: tuple[Start, ...] = get_args(Start)
LABELS: dict[Start, str] = {"random": "random start", "pretrained": "pre-trained"}
Filters = npt.NDArray[np.float32]
Sheet = tuple[npt.NDArray[np.uint8], float]


@dataclass(frozen=True, kw_only=True)
class Run:
    """One network, fine-tuned from one start.

    Attributes
    ----------
    start : {"random", "pretrained"}
    n_labels : int
        Labelled images that fine-tuning saw.
    depth : int
        Hidden layers.
    seed : int
    learning_rate : float
        At its highest; it falls to 0 along half a cosine.
    training_cost : list of float
        Nats per example after each epoch, as in `tutorial_lib.loop.History`.
    validation_error : list of float
        Percent of the validation images misread after each epoch.
    best_epoch : int
        The epoch, counted from 1, of the lowest validation error.
    test_error : float
        Percent of the test images misread with the parameters of that epoch.
    seconds : float
        Of fine-tuning.
    """

    start: Start
    n_labels: int
    depth: int
    seed: int
    learning_rate: float
    training_cost: list[float]
    validation_error: list[float]
    best_epoch: int
    test_error: float
    seconds: float


@dataclass(frozen=True, eq=False)
class Study:
    """All runs of the study, and some first-layer filters of its first seed.

    Attributes
    ----------
    runs : tuple of Run
    about : dict
        Whatever else is in the file: the command that made it, its settings, versions, seconds.
    """

    runs: tuple[Run, ...]
    about: Mapping[str, Any] = field(default_factory=dict)
    sheets: Mapping[str, Sheet] = field(default_factory=dict, repr=False)

    @property
    def n_labels(self) -> list[int]:
        """The numbers of labels, from few to many."""
        return sorted({run.n_labels for run in self.runs})

    @property
    def depths(self) -> list[int]:
        """The numbers of hidden layers, from few to many."""
        return sorted({run.depth for run in self.runs})

    @property
    def seeds(self) -> list[int]:
        """The seeds, in order."""
        return sorted({run.seed for run in self.runs})

    def select(self, start: Start, n_labels: int, depth: int) -> list[Run]:
        """Return the runs of one cell, one per seed, in the order of the seeds.

        Raises
        ------
        ValueError
            If the study has no such runs.
        """
        require_choice("start", start, STARTS)
        wanted = (start, n_labels, depth)
        found = [run for run in self.runs if (run.start, run.n_labels, run.depth) == wanted]
        if not found:
            raise ValueError(
                f"There are no runs with n_labels={n_labels}, depth={depth}; n_labels is one of "
                f"{self.n_labels}, depth one of {self.depths}."
            )
        return sorted(found, key=lambda run: run.seed)

    def test_errors(self, start: Start, n_labels: int, depth: int) -> list[float]:
        """Return the test errors of one cell in percent, in the order of the seeds."""
        return [run.test_error for run in self.select(start, n_labels, depth)]

    def summary(self, start: Start, n_labels: int, depth: int) -> dict[str, Any]:
        """Return mean, standard deviation and 95 % interval of a cell; see `summarise`."""
        return summarise(self.test_errors(start, n_labels, depth))

    def curves(self) -> dict[str, dict[str, list[list[float]]]]:
        """Return the mean test errors as `study_plots.plot_study` draws them.

        Returns
        -------
        dict of a panel per depth, of a curve per start, of points (n_labels, mean, margin)
            The margin is half of the 95 % interval of the mean; 0 with a single seed.
        """
        return {
            f"{depth} hidden layer{'s' * (depth > 1)}": {
                label: [self._point(start, n_labels, depth) for n_labels in self.n_labels]
                for start, label in LABELS.items()
            }
            for depth in self.depths
        }

    def _point(self, start: Start, n_labels: int, depth: int) -> list[float]:
        summary = self.summary(start, n_labels, depth)
        _, high = summary["interval_95"] or (0, summary["mean"])
        return [n_labels, summary["mean"], high - summary["mean"]]

    def filters(
        self, start: Start, n_labels: int | None = None, depth: int | None = None
    ) -> Filters:
        """Return filters of the first layer, (n_units, n_visible): its first units, first seed.

        Parameters
        ----------
        start : {"random", "pretrained"}
        n_labels, depth : int, optional
            Of the network that was fine-tuned; by default the filters are those before that,
            which all networks of one start share.

        Raises
        ------
        ValueError
            If the study has no such network.
        """
        require_choice("start", start, STARTS)
        name = sheet_name(start, n_labels, depth)
        if name not in self.sheets:
            raise ValueError(f"No filters are stored for {name!r}; there are {list(self.sheets)}.")
        levels, scale = self.sheets[name]
        return (levels.astype(np.float32) - 128) * np.float32(scale)


def sheet_name(start: Start, n_labels: int | None = None, depth: int | None = None) -> str:
    """Return the name under which filters are stored."""
    return f"{start} before" if n_labels is None else f"{start} {n_labels} {depth}"


def pack_filters(filters: npt.ArrayLike) -> Sheet:
    """Return filters in 255 levels, of which 128 is zero, and the weight of one level."""
    values = np.asarray(filters, dtype=np.float32)
    scale = float(np.abs(values).max()) / 127 or 1.0
    return (np.round(values / scale) + 128).astype(np.uint8), scale


def format_study(study: Study) -> str:
    """Return the mean test errors as plain text, one line per number of labels and depth."""
    lines = [
        "test error in percent; ±: half of the 95 % interval of the mean over the seeds",
        f"{'labels':>8}{'depth':>7}" + "".join(f"{label:>16}" for label in LABELS.values()),
    ]
    for n_labels in study.n_labels:
        for depth in study.depths:
            errors = [_format_cell(study.summary(start, n_labels, depth)) for start in STARTS]
            lines.append(f"{n_labels:>8,}{depth:>7}{errors[0]:>16}{errors[1]:>16}")
    return "\n".join(lines)


def _format_cell(summary: Mapping[str, Any]) -> str:
    interval = summary["interval_95"]
    margin = f" ± {interval[1] - summary['mean']:.2f}" if interval else ""
    return f"{summary['mean']:.2f}{margin}"
