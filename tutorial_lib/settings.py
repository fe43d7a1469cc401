"""How a layer is pre-trained and how a classifier is fine-tuned, as frozen dataclasses.

The same objects serve the notebooks, the recipes and the checkpoints, which tell by their
``repr`` whether they belong to the training at hand.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from tutorial_lib.autoencoder import Corruption
from tutorial_lib.checks import (
    require_at_least,
    require_choice,
    require_corruption_level,
    require_fraction,
    require_size,
)
from tutorial_lib.gradients import Loss
from tutorial_lib.schedules import Schedule, value_at

OptimiserName = Literal["sgd", "adam", "lbfgs"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What pre-training and fine-tuning have in common.

    Parameters
    ----------
    n_epochs : int, at least 1
        Passes over the data; with L-BFGS, iterations.
    optimiser : {"sgd", "adam", "lbfgs"}
        Plain gradient descent, Adam, or full-batch L-BFGS with a strong-Wolfe line search.
    learning_rate : float > 0, or a schedule of it
        Not used by L-BFGS.
    batch_size : int, at least 1
        Not used by L-BFGS.
    corruption_level : float, or a schedule of it
        Noise on the input of what is trained; see `tutorial_lib.autoencoder.corrupt`.
        0 with L-BFGS, which needs a cost that does not change under it.
    corruption : {"masking", "gaussian", "salt_and_pepper"}
    weight_decay : float, at least 0
    shuffle : bool
        Whether each epoch sees the examples in a new order.

    Raises
    ------
    ValueError
        If a value is outside its range.
    """

    n_epochs: int = 15
    optimiser: OptimiserName = "sgd"
    learning_rate: Schedule = 0.1
    batch_size: int = 20
    corruption_level: Schedule = 0.0
    corruption: Corruption = "masking"
    weight_decay: float = 0.0
    shuffle: bool = True

    def __post_init__(self) -> None:
        require_choice("optimiser", self.optimiser, get_args(OptimiserName))
        require_choice("corruption", self.corruption, get_args(Corruption))
        require_size("n_epochs", self.n_epochs)
        require_size("batch_size", self.batch_size)
        require_at_least("weight_decay", self.weight_decay, 0)
        for done in (0.0, 0.5, 1.0):
            require_at_least("learning_rate", value_at(self.learning_rate, done), 0)
            require_corruption_level(value_at(self.corruption_level, done), self.corruption)
        if self.optimiser == "lbfgs" and self.corruption_level != 0:
            raise ValueError(
                f"corruption_level is {self.corruption_level} with optimiser 'lbfgs'; fresh noise "
                "changes the cost at each evaluation, so use 'sgd' or 'adam', or a level of 0."
            )


@dataclass(frozen=True, kw_only=True)
class Pretraining(Settings):
    """How one autoencoder is trained; the fields of `Settings`, and:

    Parameters
    ----------
    loss : {"cross_entropy", "squared_error"}
    sparsity_target : float in (0, 1)
        Wanted mean activation of each hidden unit.
    sparsity_weight : float, at least 0
        Weight of the KL penalty; 0 leaves it out.
    """

    loss: Loss = "cross_entropy"
    sparsity_target: float = 0.1
    sparsity_weight: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require_choice("loss", self.loss, get_args(Loss))
        require_at_least("sparsity_weight", self.sparsity_weight, 0)
        require_fraction("sparsity_target", self.sparsity_target)


@dataclass(frozen=True, kw_only=True)
class FineTuning(Settings):
    """How a classifier is trained; the fields of `Settings`, and those below.

    Only the softmax weight is decayed, as in UFLDL.

    Parameters
    ----------
    adversarial_level : float, at least 0
        Besides the random corruption, move every pixel by this much in the direction that raises
        the example's cost (Goodfellow et al. 2015): the worst small noise instead of a random one.
    early_stopping : EarlyStopping or None
        When to stop before ``n_epochs``; needs validation data.
    restore_best : bool
        Whether to end with the parameters of the best validation epoch.
    """

    adversarial_level: float = 0.0
    early_stopping: "EarlyStopping | None" = None
    restore_best: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require_at_least("adversarial_level", self.adversarial_level, 0)
        if self.adversarial_level and self.optimiser == "lbfgs":
            raise ValueError("adversarial_level needs minibatches: use 'sgd' or 'adam'.")


@dataclass(frozen=True)
class EarlyStopping:
    """The rule of deeplearning.net, counted in epochs.

    Training stops at the end of the epoch that uses up the patience. When a validation error is
    below ``improvement_threshold`` times the best so far, the patience becomes at least
    ``patience_increase`` times the epochs done.

    Parameters
    ----------
    patience : int, at least 1
        Epochs to do in any case.
    patience_increase : float, at least 1
    improvement_threshold : float in (0, 1]
    """

    patience: int = 10
    patience_increase: float = 2
    improvement_threshold: float = 0.995

    def __post_init__(self) -> None:
        require_size("patience", self.patience)
        require_at_least("patience_increase", self.patience_increase, 1)
        if not 0 < self.improvement_threshold <= 1:
            raise ValueError(
                f"improvement_threshold is {self.improvement_threshold}; expected within (0, 1]."
            )

    def last_epoch(self, validation_errors: list[float]) -> float:
        """Return the epoch at whose end training stops, unless errors to come put it off."""
        patience: float = self.patience
        best = float("inf")
        for epoch, error in enumerate(validation_errors, start=1):
            if error < best * self.improvement_threshold:
                patience = max(patience, epoch * self.patience_increase)
            best = min(best, error)
        return patience

    def stops(self, validation_errors: list[float]) -> bool:
        """Tell whether training stops after these epochs' validation errors."""
        return len(validation_errors) >= self.last_epoch(validation_errors)
