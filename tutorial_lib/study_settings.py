"""What the study of pre-training trains, and how.

Every number of labels and every depth is fine-tuned from two starts: the random weights of the
SdA tutorial, and the same weights after greedy pre-training on all images, without their labels.
"""

import json
import math
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal, NamedTuple, get_args

from tutorial_lib.schedules import Cosine
from tutorial_lib.settings import FineTuning, Pretraining
from tutorial_lib.study_results import STARTS, Start

Preset = Literal["full", "quick"]
PRESETS: tuple[Preset, ...] = get_args(Preset)
N_PIXELS = 784


class Cell(NamedTuple):
    """What distinguishes the runs of one seed, in the order in which they are done."""

    n_labels: int
    depth: int
    start: Start


@dataclass(frozen=True, kw_only=True)
class StudySettings:
    """What is trained, and how.

    Parameters
    ----------
    n_hidden : int
        Units of each hidden layer.
    depths : tuple of int
    pretraining : tuple of Pretraining
        One for each layer of the deepest stack.
    batch_sizes, n_epochs : dict
        Of fine-tuning, by the number of labels.
    learning_rates : dict
        Of fine-tuning, by the number of labels: one for each depth, with which it begins.
    """

    n_hidden: int
    depths: tuple[int, ...]
    pretraining: tuple[Pretraining, ...]
    batch_sizes: dict[int, int]
    n_epochs: dict[int, int]
    learning_rates: dict[int, tuple[float, ...]]

    def cells(self) -> list[Cell]:
        """Return the cells of one seed, both starts of one network next to each other."""
        return [
            Cell(n_labels, depth, start)
            for n_labels in self.n_epochs
            for depth in self.depths
            for start in STARTS
        ]

    def learning_rate(self, cell: Cell) -> float:
        """Return the rate with which a cell's fine-tuning begins."""
        return self.learning_rates[cell.n_labels][self.depths.index(cell.depth)]

    def fine_tuning(self, cell: Cell) -> FineTuning:
        """Return how a cell's network is fine-tuned."""
        return FineTuning(
            n_epochs=self.n_epochs[cell.n_labels],
            optimiser="adam",
            learning_rate=Cosine(self.learning_rate(cell)),
            batch_size=self.batch_sizes[cell.n_labels],
        )

    def as_json(self) -> dict[str, Any]:
        """Return the settings as they stand in the result file, with text for keys."""
        told: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return told

    def work(self, cell: Cell) -> int:
        """Return about how long a run takes, in a unit of its own."""
        sizes = [N_PIXELS, *[self.n_hidden] * cell.depth]
        n_updates = math.ceil(cell.n_labels / self.batch_sizes[cell.n_labels])
        # An update takes as long as one of 100 rows, however few it has; a judgement by the
        # validation images takes a third of that for each of their rows.
        n_rows = 100 * n_updates + 10_000 // 3
        return self.n_epochs[cell.n_labels] * n_rows * sum(map(math.prod, pairwise(sizes)))

    def pretraining_work(self) -> int:
        """Return about how long the pre-training of a seed takes, in the same unit."""
        sizes = [N_PIXELS, *[self.n_hidden] * max(self.depths)]
        n_weights = map(math.prod, pairwise(sizes))
        layers = zip(self.pretraining, n_weights, strict=True)
        return sum(50_000 * layer.n_epochs * weights for layer, weights in layers)


def study_settings(preset: Preset) -> StudySettings:
    """Return the settings of the long study, or of a quick look at how it works."""
    return _quick() if preset == "quick" else _full()


def _full() -> StudySettings:
    return StudySettings(
        n_hidden=500,
        depths=(1, 2, 3, 5),
        pretraining=tuple(
            Pretraining(
                n_epochs=10,
                optimiser="adam",
                learning_rate=1e-3,
                batch_size=250,
                corruption_level=level,
            )
            for level in (0.1, 0.2, 0.3, 0.3, 0.3)
        ),
        batch_sizes={100: 10, 1_000: 20, 10_000: 100, 50_000: 100},
        n_epochs={100: 60, 1_000: 40, 10_000: 40, 50_000: 20},
        # Chosen by the validation error of seed 0 among 3e-4, 1e-3, 3e-3 and, up to 3 layers, 1e-2;
        # some with fewer epochs. Of the rates tried, both starts had the same best one, or one
        # within 0.1 points of it, so it serves both. At 1e-2 deep random networks learn badly.
        learning_rates={
            100: (1e-2, 1e-3, 3e-4, 3e-4),
            1_000: (1e-2, 1e-2, 3e-3, 1e-3),
            10_000: (1e-2, 1e-2, 3e-3, 3e-3),
            50_000: (1e-2, 1e-2, 3e-3, 3e-3),
        },
    )


def _quick() -> StudySettings:
    n_epochs = {20: 5, 100: 5}
    layer = Pretraining(n_epochs=1, optimiser="adam", learning_rate=3e-3, batch_size=100)
    return StudySettings(
        n_hidden=32,
        depths=(1, 2),
        pretraining=(layer, layer),
        batch_sizes={20: 10, 100: 20},
        n_epochs=n_epochs,
        learning_rates=dict.fromkeys(n_epochs, (3e-3, 3e-3)),
    )
