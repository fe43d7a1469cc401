"""The trainings of the study of pre-training, for one seed.

A pre-trained stack holds the shallower ones, so one of the greatest depth serves all depths.
"""

import copy
from pathlib import Path

import torch
from torch import nn

from tutorial_lib.evaluation import evaluate
from tutorial_lib.loop import History
from tutorial_lib.mnist import Digits, Split
from tutorial_lib.stacked import Classifier, StackedAutoencoder
from tutorial_lib.study_results import Run, Sheet, Start, pack_filters
from tutorial_lib.study_settings import N_PIXELS, Cell, StudySettings
from tutorial_lib.training import fine_tune, pretrain_greedily

N_FILTERS = 16


class Seed:
    """The trainings of one seed.

    Parameters
    ----------
    number : int
        The seed of weights, noise, choice of the labelled images, and order of the examples.
    settings : StudySettings
    digits : Digits
    checkpoints : Path
        Folder of the pre-trained layers; those found there are not trained again.
    """

    def __init__(
        self,
        number: int,
        settings: StudySettings,
        digits: Digits,
        checkpoints: Path,
    ) -> None:
        self.number = number
        self.settings = settings
        self.digits = digits
        self.checkpoints = checkpoints
        self.stacks: dict[Start, StackedAutoencoder] = {"random": self._new_stack()}

    def pretrain(self) -> list[History]:
        """Make the pre-trained stack; return the histories of its layers."""
        stack = self.stacks["pretrained"] = self._new_stack()
        return pretrain_greedily(
            stack,
            self.digits.train.images,
            settings=self.settings.pretraining,
            generator=self._generator(1),
            checkpoints=self.checkpoints,
            progress=False,
        )

    def run(self, cell: Cell) -> tuple[Run, Sheet]:
        """Fine-tune one network; return what happened, and its first filters afterwards."""
        classifier, settings = self.new_classifier(cell), self.settings.fine_tuning(cell)
        labelled, held_out = self.labelled(cell.n_labels), self.digits.validation
        history = fine_tune(
            classifier,
            labelled.images,
            labelled.labels,
            settings=settings,
            validation=(held_out.images, held_out.labels),
            generator=self._generator(2),
            progress=False,
        )
        assert history.best_epoch is not None  # there were validation data
        test = self.digits.test
        run = Run(
            start=cell.start,
            n_labels=cell.n_labels,
            depth=cell.depth,
            seed=self.number,
            learning_rate=self.settings.learning_rate(cell),
            training_cost=[float(f"{cost:.4g}") for cost in history.cost],
            validation_error=[round(error, 4) for error in history.validation_error],
            best_epoch=history.best_epoch,
            test_error=round(evaluate(classifier, test.images, test.labels), 4),
            seconds=round(history.seconds, 1),
        )
        return run, _first_filters(classifier.layers[0])

    def filters_before(self) -> dict[Start, Sheet]:
        """Return the first filters of both starts; `pretrain` must have been called."""
        return {
            start: _first_filters(stack.layers()[0].encoder) for start, stack in self.stacks.items()
        }

    def new_classifier(self, cell: Cell) -> Classifier:
        """Return a network of the cell's depth at its start; the stacks stay as they are."""
        stack = copy.deepcopy(self.stacks[cell.start])
        return Classifier([layer.encoder for layer in stack.layers(cell.depth)], stack.softmax)

    def labelled(self, n_labels: int) -> Split:
        """Return the images whose labels may be seen: equally many of each digit, or all."""
        train = self.digits.train
        return train if n_labels == len(train) else train.balanced(n_labels // 10, seed=self.number)

    def _new_stack(self) -> StackedAutoencoder:
        sizes = [self.settings.n_hidden] * max(self.settings.depths)
        return StackedAutoencoder(N_PIXELS, sizes, generator=self._generator(0))

    def _generator(self, stage: int) -> torch.Generator:
        """Return the stage's own stream, so that the order of the runs changes none of them."""
        return torch.Generator().manual_seed(1000 * self.number + stage)


def _first_filters(layer: nn.Linear) -> Sheet:
    return pack_filters(layer.weight[:N_FILTERS].detach())
