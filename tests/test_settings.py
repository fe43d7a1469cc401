"""Settings and schedules: values, and the refusal of values that make no sense."""

import dataclasses
import math
import random

import pytest

from tutorial_lib.schedules import Cosine, Linear, value_at
from tutorial_lib.settings import EarlyStopping, FineTuning, Pretraining, Settings


def test_linear_schedule_by_hand() -> None:
    line = Linear(0.4, 0.1)
    assert [line(done) for done in (0, 0.5, 1)] == pytest.approx([0.4, 0.25, 0.1])


def test_cosine_schedule_by_hand() -> None:
    cosine = Cosine(2.0)
    thirds = [cosine(done) for done in (0, 1 / 3, 0.5, 2 / 3, 1)]
    assert thirds == pytest.approx([2, 1.5, 1, 0.5, 0])
    warmed = Cosine(2.0, warm_up=0.2)
    assert [warmed(d) for d in (0, 0.1, 0.2, 0.6, 1)] == pytest.approx([0, 1, 2, 1, 0])


def test_cosine_schedule_joins_its_two_parts() -> None:
    warmed = Cosine(1.0, warm_up=0.3)
    assert warmed(math.nextafter(0.3, 0)) == pytest.approx(warmed(0.3)) == 1


@pytest.mark.parametrize("warm_up", [-0.1, 1, 1.5, math.nan])
def test_cosine_refuses_a_warm_up_that_leaves_no_time(warm_up: float) -> None:
    with pytest.raises(ValueError, match=f"warm_up is {warm_up}; expected a fraction"):
        Cosine(1.0, warm_up=warm_up)


def test_a_number_is_a_constant_schedule() -> None:
    assert value_at(0.3, 0.0) == value_at(0.3, 0.7) == 0.3
    assert value_at(lambda done: 2 * done, 0.7) == 1.4
    assert value_at(Linear(0, 1), 0.7) == 0.7


def test_schedules_and_settings_tell_themselves_apart_by_their_repr() -> None:
    settings = Pretraining(learning_rate=Cosine(0.5, warm_up=0.1), corruption_level=Linear(0.3, 0))
    assert eval(repr(settings)) == settings
    fine = FineTuning(early_stopping=EarlyStopping(patience=3), restore_best=False)
    assert eval(repr(fine)) == fine
    assert repr(Cosine(0.5)) != repr(Cosine(0.6))


def test_published_defaults_of_early_stopping() -> None:
    rule = EarlyStopping()
    assert (rule.patience, rule.patience_increase, rule.improvement_threshold) == (10, 2, 0.995)


@pytest.mark.parametrize("kind", [Settings, Pretraining, FineTuning])
def test_settings_cannot_be_changed_by_accident(kind: type[Settings]) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        kind().n_epochs = 3


@pytest.mark.parametrize("kind", [Settings, Pretraining, FineTuning])
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_epochs": 0}, "n_epochs is 0; expected at least 1"),
        ({"batch_size": 0}, "batch_size is 0; expected at least 1"),
        ({"learning_rate": -0.1}, "learning_rate is -0.1; expected at least 0"),
        ({"learning_rate": math.nan}, "learning_rate is nan"),
        ({"learning_rate": Linear(0.1, -0.1)}, "learning_rate is -0.1"),
        ({"learning_rate": Linear(-0.1, 0.1)}, "learning_rate is -0.1"),
        ({"weight_decay": -1}, "weight_decay is -1; expected at least 0"),
        ({"weight_decay": math.nan}, "weight_decay is nan"),
        ({"corruption_level": 30}, "corruption_level is 30; .* not a percentage"),
        ({"corruption_level": 1.0}, "corruption_level is 1.0"),
        ({"corruption_level": Linear(0.3, 1.0)}, "corruption_level is 1.0"),
        ({"corruption_level": -0.1, "corruption": "gaussian"}, "corruption_level is -0.1"),
        ({"corruption": "dropout"}, "corruption is 'dropout'; choose one of 'masking'"),
        ({"optimiser": "rmsprop"}, "optimiser is 'rmsprop'; choose one of 'sgd', 'adam', 'lbfgs'"),
        ({"optimiser": "lbfgs", "corruption_level": 0.3}, "corruption_level is 0.3 with .*'lbfgs'"),
        ({"optimiser": "lbfgs", "corruption_level": Linear(0.3, 0)}, "Linear.* with .*'lbfgs'"),
    ],
)
def test_settings_refuse(kind: type[Settings], wrong: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kind(**wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_epochs": 1.5}, "n_epochs is 1.5; expected a whole number"),
        ({"batch_size": "20"}, "batch_size is '20'; expected a whole number"),
        ({"learning_rate": "0.1"}, "learning_rate is '0.1'; expected a number"),
        ({"weight_decay": None}, "weight_decay is None; expected a number"),
    ],
)
def test_settings_refuse_what_is_no_number(wrong: dict, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Settings(**wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"loss": "mse"}, "loss is 'mse'; choose one of 'cross_entropy', 'squared_error'"),
        ({"sparsity_weight": -3}, "sparsity_weight is -3; expected at least 0"),
        ({"sparsity_target": 0}, "sparsity_target is 0; expected a number between 0 and 1"),
        ({"sparsity_target": 1}, "sparsity_target is 1"),
    ],
)
def test_pretraining_refuses(wrong: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Pretraining(**wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"adversarial_level": -0.1}, "adversarial_level is -0.1"),
        ({"adversarial_level": 0.1, "optimiser": "lbfgs"}, "adversarial_level needs minibatches"),
    ],
)
def test_fine_tuning_refuses(wrong: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FineTuning(**wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"patience": 0}, "patience is 0; expected at least 1"),
        ({"patience_increase": 0.5}, "patience_increase is 0.5; expected at least 1"),
        ({"improvement_threshold": 0}, "improvement_threshold is 0"),
        ({"improvement_threshold": 1.1}, "improvement_threshold is 1.1"),
    ],
)
def test_early_stopping_refuses(wrong: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EarlyStopping(**wrong)


def test_gaussian_noise_may_have_any_standard_deviation() -> None:
    assert Pretraining(corruption="gaussian", corruption_level=1.5).corruption_level == 1.5


def test_lbfgs_takes_a_corruption_level_of_zero() -> None:
    assert Pretraining(optimiser="lbfgs", corruption_level=0.0).optimiser == "lbfgs"


# Each case: the validation errors, and after how many of them training stops (None: not yet).
STOPS = {
    "never better than the first": (EarlyStopping(), [5.0] * 40, 10),
    # Better at 6: patience max(10, 12) = 12.
    "better at 6": (EarlyStopping(), [5.0] * 5 + [4.0] * 40, 12),
    # At 5 the patience would become 10, which it is already.
    "better at 5": (EarlyStopping(), [5.0] * 4 + [4.0] * 40, 10),
    # As published: 36 epochs, the last great gain at epoch 18; before it one at 10 (patience 20).
    "better at 10 and 18": (EarlyStopping(), [3.0] * 9 + [2.0] * 8 + [1.39] * 40, 36),
    # 4.98 is not below 5 * 0.995 = 4.975, and does not count; 4.97 does.
    "too little at 8": (EarlyStopping(), [5.0] * 7 + [4.98] * 40, 10),
    "just enough at 8": (EarlyStopping(), [5.0] * 7 + [4.97] * 40, 16),
    # Small gains lower the best all the same, and so the bar: 4.96 beats 5 but not 4.98 by enough.
    "small steps": (EarlyStopping(), [5.0] * 6 + [4.98, 4.96] + [4.94] * 40, 10),
    "exactly at the threshold": (EarlyStopping(2, 2, 0.5), [4.0, 2.0, 2.0, 2.0], 2),
    "below the threshold": (EarlyStopping(2, 2, 0.5), [4.0, 1.9, 2.0, 2.0, 2.0], 4),
    "always better": (EarlyStopping(), [100 * 0.9**k for k in range(50)], None),
    "better too late": (EarlyStopping(3, 2, 1.0), [5.0, 5.0, 5.0, 1.0], 3),
    "a fractional increase": (EarlyStopping(2, 1.5, 1.0), [5.0, 4.0, 3.0, 3.0, 3.0, 3.0], 5),
    "no errors at all": (EarlyStopping(), [0.0] * 40, 10),
}


def stops_after(rule: EarlyStopping, errors: list[float]) -> int | None:
    """The first epoch at whose end the patience is used up, the errors coming in one by one."""
    epochs = range(1, len(errors) + 1)
    return next((n for n in epochs if rule.stops(errors[:n])), None)


def test_the_last_epoch_can_be_told_beforehand() -> None:
    rule = EarlyStopping()
    assert rule.last_epoch([]) == 10
    assert rule.last_epoch([5.0] * 5 + [4.0]) == 12
    assert rule.last_epoch([5.0] * 5 + [4.0] * 5) == 12


@pytest.mark.parametrize("name", STOPS)
def test_early_stopping_on_sequences_worked_out_by_hand(name: str) -> None:
    rule, errors, expected = STOPS[name]
    assert stops_after(rule, errors) == expected


def published_rule(errors: list[float]) -> int | None:
    """The published loop, its patience in epochs; after how many validations it leaves."""
    patience, best = 10, math.inf
    for epoch, error in enumerate(errors, start=1):
        if error < best:
            if error < best * 0.995:
                patience = max(patience, epoch * 2)
            best = error
        if patience <= epoch:
            return epoch
    return None


@pytest.mark.parametrize("seed", range(20))
def test_early_stopping_agrees_with_the_published_loop(seed: int) -> None:
    draw = random.Random(seed)
    errors = [2 + 3 / (1 + k) * draw.random() for k in range(100)]
    stopped = stops_after(EarlyStopping(), errors)
    assert stopped == published_rule(errors) is not None
