"""The loop around every training: progress, history, interruption, checkpoints, early stopping.

What one epoch does is left to a stepper: minibatches (plain gradient descent or Adam) or one
iteration of L-BFGS. Everything that the next step depends on is in the checkpoint, so a run that
was killed and resumed ends with the same bits as one that was not.
"""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn
from tqdm.auto import tqdm

from tutorial_lib.checkpoints import CheckpointError, load_checkpoint, save_checkpoint

if TYPE_CHECKING:  # so that `minimise`, which needs a loop, comes without the models
    from tutorial_lib.settings import EarlyStopping
    from tutorial_lib.steppers import Stepper

# Writing 45 MB after every epoch of 2 seconds would cost a tenth of the time.
CHECKPOINT_SECONDS = 30.0


@dataclass
class History:
    """What happened during a training.

    Attributes
    ----------
    cost : list of float
        One value per epoch (mean over its minibatches, as the weights changed) or per iteration
        of L-BFGS (afterwards); in the unit of the loss, weight decay included.
    validation_error : list of float
        Percent of validation examples misread after each epoch; empty without validation data.
    seconds : float
        Time spent in the loop, earlier runs of a resumed training included.
    best_epoch : int or None
        The epoch, counted from 1, with the lowest validation error.
    """

    cost: list[float] = field(default_factory=list)
    validation_error: list[float] = field(default_factory=list)
    seconds: float = 0.0
    best_epoch: int | None = None


class TrainingInterrupted(KeyboardInterrupt):
    """The user stopped a training; the weights so far are in place and usable."""


class TrainingDiverged(RuntimeError):
    """The cost is no longer a finite number."""


@contextmanager
def _deferred_interrupt() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C (or the kernel's interrupt) into a flag; a second one acts at once."""
    asked = False

    def note(number: int, frame: object) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    # Only the main thread may set handlers; elsewhere (a widget's thread) nobody sends SIGINT.
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


class Loop:
    """One training from its first step, or its checkpoint, to its last.

    Parameters
    ----------
    model : nn.Module
        Whose ``state_dict`` is saved and restored.
    stepper : Stepper
    n_epochs : int
    title : str
        Text of the progress bar.
    validate : callable or None
        Returns the validation error in percent.
    early_stopping : EarlyStopping or None
    restore_best : bool
        Whether to end with the parameters of the best validation epoch.
    checkpoint : Path or None
        File to go on from, if it exists, and to save to.
    identity : dict of str
        What the checkpoint must have been made with.
    progress : bool
        Whether to show a bar.
    """

    def __init__(
        self,
        model: nn.Module,
        stepper: "Stepper",
        *,
        n_epochs: int,
        title: str,
        validate: Callable[[], float] | None = None,
        early_stopping: "EarlyStopping | None" = None,
        restore_best: bool = False,
        checkpoint: str | Path | None = None,
        identity: dict[str, str] | None = None,
        progress: bool = True,
    ) -> None:
        self.model = model
        self.stepper = stepper
        self.n_epochs = n_epochs
        self.title = title
        self.validate = validate
        self.early_stopping = early_stopping
        self.restore_best = restore_best
        self.checkpoint = None if checkpoint is None else Path(checkpoint)
        self.identity = identity or {}
        self.progress = progress
        self.history = History()
        self.best: dict[str, Tensor] | None = None
        self.finished = False

    def run(self) -> History:
        """Train to the end and return the history.

        Raises
        ------
        TrainingInterrupted
            If the user interrupts; the step is finished and the state saved first.
        TrainingDiverged
            If the cost is not finite.
        CheckpointError
            If the checkpoint is damaged or belongs to another training.
        """
        if self.checkpoint and self.checkpoint.exists():
            self._restore(load_checkpoint(self.checkpoint))
        self._started = self._saved = time.perf_counter()
        first = self.n_epochs if self.early_stopping is None else self.early_stopping.patience
        total = min(first, self.n_epochs) * self.stepper.n_per_epoch
        with (
            _deferred_interrupt() as interrupted,
            tqdm(total=total, desc=self.title, disable=not self.progress, unit_scale=True) as bar,
        ):
            bar.unit = "iteration" if self.stepper.n_per_epoch == 1 else "example"
            bar.update(len(self.history.cost) * self.stepper.n_per_epoch)
            while not self.finished:
                for n in self.stepper.epoch(len(self.history.cost)):
                    bar.update(n)
                    if interrupted():
                        self._stop()
                self._end_epoch(bar)
                if interrupted():  # even at the very end: the caller may have more to train
                    self._stop()
        return self.history

    def _end_epoch(self, bar: "tqdm[Any]") -> None:
        history = self.history
        history.cost.append(self.stepper.mean_cost())
        if not math.isfinite(history.cost[-1]):
            self._take_best()
            raise TrainingDiverged(
                f"{self.title}: the cost became {history.cost[-1]} in epoch {len(history.cost)}. "
                "Lower the learning rate, or look for NaN in the data."
            )
        shown = {"cost": f"{history.cost[-1]:.4g}"}
        if self.validate is not None:
            history.validation_error.append(self.validate())
            shown["validation"] = f"{history.validation_error[-1]:.2f} %"
            self._keep_best()
        bar.set_postfix(shown)
        if self.early_stopping is not None:  # the time left is that to the epoch it will stop at
            last = self.early_stopping.last_epoch(history.validation_error)
            bar.total = min(self.n_epochs, math.ceil(last)) * self.stepper.n_per_epoch
        bar.update(len(history.cost) * self.stepper.n_per_epoch - bar.n)
        self.finished = self._is_over()
        if self.finished:
            self._take_best()
        if self.finished or time.perf_counter() - self._saved >= CHECKPOINT_SECONDS:
            self._save()

    def _keep_best(self) -> None:
        errors = self.history.validation_error
        if errors[-1] < min(errors[:-1], default=math.inf):
            self.history.best_epoch = len(errors)
            if self.restore_best:
                self.best = {k: v.clone() for k, v in self.model.state_dict().items()}

    def _take_best(self) -> None:
        if self.restore_best and self.best is not None:
            self.model.load_state_dict(self.best)

    def _is_over(self) -> bool:
        errors = self.history.validation_error
        stopped = self.early_stopping is not None and self.early_stopping.stops(errors)
        return stopped or self.stepper.converged or len(self.history.cost) >= self.n_epochs

    def _stop(self) -> None:
        self._save()
        saved = f" Saved in {self.checkpoint}: the same call goes on." if self.checkpoint else ""
        done = f"{len(self.history.cost)} whole epochs of {self.n_epochs}"
        raise TrainingInterrupted(
            f"{self.title}: stopped after {done}. "
            f"The weights so far are in place and usable.{saved}"
        )

    def _save(self) -> None:
        now = time.perf_counter()
        self.history.seconds += now - self._started
        self._started = self._saved = now
        if self.checkpoint is not None:
            state = {
                "identity": self.identity,
                "history": asdict(self.history),
                "finished": self.finished,
                "model": dict(self.model.state_dict()),
                "best": self.best,
                "stepper": self.stepper.state(),
            }
            save_checkpoint(self.checkpoint, state)

    def _restore(self, state: dict[str, Any]) -> None:
        saved = state.get("identity")
        if saved != self.identity:
            saved = saved if isinstance(saved, dict) else {}
            names = sorted(k for k in saved | self.identity if saved.get(k) != self.identity.get(k))
            told = "; ".join(
                f"{k}: {saved.get(k)} there, {self.identity.get(k)} here" for k in names
            )
            raise CheckpointError(
                f"{self.checkpoint} belongs to another training ({told}). Delete it to train "
                "anew, or choose another file."
            )
        self.history = History(**state["history"])
        self.finished = state["finished"]
        self.model.load_state_dict(state["model"])
        self.best = state["best"]
        self.stepper.restore(state["stepper"])
