"""An exercise that is judged by how many digits the answer reads right, with partial credit.

First a trial on a few digits tells whether the form is right, so that nobody waits for half a
minute to hear of a missing return. Then the answer learns from thousands, and reads others.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from tutorial_lib.exercises.blame import describe_error
from tutorial_lib.exercises.drawing import apart
from tutorial_lib.exercises.exercise import PUBLIC_SEED, Exercise
from tutorial_lib.exercises.outcome import Outcome, Status
from tutorial_lib.exercises.parts import WrongStructure, describe, is_plain
from tutorial_lib.exercises.running import Case, Observe, run
from tutorial_lib.exercises.task import KnownBug
from tutorial_lib.minimise import without_bars
from tutorial_lib.mnist import Split, load_mnist

N_CLASSES = 10
N_TRIAL = 200  # training digits of the trial, and at most so many to read
_WHOLE = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)


@dataclass(frozen=True)
class Step:
    """Partial credit: the accuracy from which on one more share of the points is earned."""

    accuracy: float
    needs: str  # what it takes: the end of a sentence, such as "features that were learnt"


@dataclass(frozen=True)
class Reading:
    """What an answer read in digits that it had seen and in digits that it had not.

    ``names`` are the true digits; ``labels`` are what the check called them.
    """

    seen: Tensor
    unseen: Tensor
    labels_seen: Tensor
    labels_unseen: Tensor
    names_unseen: Tensor

    @property
    def accuracy(self) -> float:
        """Share of the unseen digits that were read right."""
        return share(self.unseen == self.labels_unseen)

    @property
    def accuracy_on_seen(self) -> float:
        """Share of the training digits that were read right."""
        return share(self.seen == self.labels_seen)


def share(right: Tensor) -> float:
    """Return which fraction is true."""
    return right.double().mean().item()


@dataclass(frozen=True)
class Symptom(KnownBug):
    """A mistake that shows in what was read, if not already in the trial."""

    shows: Callable[[Reading], bool] = lambda reading: False


def labels_from(predict: Any, images: Tensor) -> Tensor:
    """Ask for labels, or raise a WrongStructure that says what came instead."""
    if not callable(predict):
        raise WrongStructure(
            f"It returned {describe(predict)}; expected a function of images that returns labels."
        )
    labels = predict(images)
    wanted = f"expected whole numbers in a tensor of shape ({len(images)},), one for each image"
    if not is_plain(labels) or labels.shape != (len(images),):
        raise WrongStructure(f"For {len(images)} images came {describe(labels)}; {wanted}.")
    if labels.dtype not in _WHOLE:
        raise WrongStructure(f"The labels have dtype {labels.dtype}; {wanted}.")
    return labels.long()


def observe_form(
    function: Any, images: Tensor, labels: Tensor, generator: Any, new_images: Tensor
) -> dict[str, Any]:
    """Learn from a few digits, and look at the form of what comes back: there is no more to it."""
    with without_bars():
        predict = function(images, labels, generator)
    among_others = labels_from(predict, new_images)
    if len(among_others.unique()) == 1:
        raise WrongStructure(f"All {len(new_images)} images got the same label.")
    alone = torch.cat([labels_from(predict, image[None]) for image in new_images[:5]])
    if not torch.equal(alone, among_others[:5]):
        raise WrongStructure("An image alone got another label than the same image among others.")
    return {}


@dataclass(eq=False, kw_only=True)
class AccuracyExercise(Exercise):
    """A function ``train(images, labels, generator)`` to write, which returns ``predict(images)``.

    The parameters of `Exercise`, apart from ``cases`` and ``observe``, and:

    Parameters
    ----------
    steps : sequence of Step
        From the lowest accuracy to the one that makes the answer correct.
    n_train, n_unseen : int
        How many digits are learnt from, and how many others are read.
    digits : callable
        Returns the `Split` that both are drawn from; called when an answer is judged.
    """

    steps: Sequence[Step]
    patience: float = 12.0
    n_train: int = 5000
    n_unseen: int = 2000
    digits: Callable[[], Split] = lambda: load_mnist(split="ufldl").train
    cases: Callable[[torch.Generator], Mapping[str, Case]] = field(init=False)
    observe: Observe = observe_form

    def __post_init__(self) -> None:
        self.cases = self._trial_case

    def _trial_case(self, generator: torch.Generator) -> Mapping[str, Case]:
        split = self.digits()
        rows = torch.randperm(len(split), generator=generator)[: 2 * N_TRIAL]
        images, labels = split.images[rows], split.labels[rows]
        n = min(N_TRIAL, len(rows) // 2)
        return {
            f"a trial on {n} digits": {
                # Copies: what is cut off a tensor stays in its memory.
                "images": images[:n].clone(),
                "labels": labels[:n].clone(),
                "generator": torch.Generator().manual_seed(0),
                "new_images": images[n:],
            }
        }

    def judge(self, answer: Any, *, seed: int = PUBLIC_SEED) -> Outcome:
        """Return the verdict on a function; the digits are drawn from a seed."""
        outcome = super().judge(answer, seed=seed)
        if outcome.status is Status.CORRECT:
            outcome = self._judge_accuracy(answer, seed)
        return outcome

    def _judge_accuracy(self, answer: Any, seed: int) -> Outcome:
        generator = torch.Generator().manual_seed(seed)
        split = self.digits()
        rows = torch.randperm(len(split), generator=generator)[: self.n_train + self.n_unseen]
        seen, unseen = rows[: self.n_train], rows[self.n_train :]
        # Digits under other names: who learns from the labels given does not mind.
        labels = torch.randperm(N_CLASSES, generator=generator)[split.labels]
        reading: list[Reading] = []

        def read(function: Any, images: Tensor, given: Tensor, generator: Any) -> None:
            predict = function(images, given, generator)
            n = min(len(seen), self.n_unseen)
            reading.append(
                Reading(
                    labels_from(predict, split.images[seen[:n]]),
                    labels_from(predict, split.images[unseen]),
                    labels[seen[:n]],
                    labels[unseen],
                    split.labels[unseen],
                )
            )

        dice = apart(generator, "the answer")
        case = {"images": split.images[seen], "labels": labels[seen], "generator": dice}
        done = run(answer, case, self.parts, read)
        if done.error is not None:
            text = f"Learning from {self.n_train:,} digits, it raised "
            return self.outcome(Status.ERROR, text + describe_error(done.error, answer))
        if done.structure:
            return self.outcome(Status.INCORRECT, done.structure)
        return self._verdict(reading[0])

    def _verdict(self, reading: Reading) -> Outcome:
        reached = [step for step in self.steps if reading.accuracy >= step.accuracy]
        missing = [step for step in self.steps if step not in reached]
        points = self.points * len(reached) / len(self.steps)
        told = (
            f"It learnt from {self.n_train:,} digits and read {reading.accuracy:.1%} of "
            f"{self.n_unseen:,} others right: {points:g} of {self.points:g} points. Of the digits "
            f"that it learnt from it read {reading.accuracy_on_seen:.1%} right."
        )
        if not missing:
            return self.outcome(Status.CORRECT, f"{told}\n\n{self.notice}")
        more = f"More points begin at {missing[0].accuracy:.1%}: that takes {missing[0].needs}."
        bug = next((bug for bug in self.known_bugs if _shows(bug, reading)), None)
        if bug is not None:
            more = f"Known mistake: {bug.name}. {bug.message}"
        name = None if bug is None else bug.name
        message = f"{told}\n\n{more}"
        return self.outcome(Status.INCORRECT, message, points=points, known_bug=name)


def _shows(bug: KnownBug, reading: Reading) -> bool:
    return isinstance(bug, Symptom) and bug.shows(reading)
