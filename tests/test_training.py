"""Training against loops written anew with autograd and PyTorch's optimisers; wrong input."""

import copy
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy_oracles import softmax_regression_optimum
from small_jobs import OPTIMISERS, assert_same_bits, blobs, seeded, settings, train
from torch import Tensor, nn

from tutorial_lib import training
from tutorial_lib.autoencoder import Autoencoder, corrupt
from tutorial_lib.checkpoints import CheckpointError
from tutorial_lib.checks import require_generator
from tutorial_lib.evaluation import encode_dataset, evaluate, predict_dataset
from tutorial_lib.gradients import ClassifierGradients
from tutorial_lib.loop import TrainingDiverged
from tutorial_lib.losses import (
    cross_entropy,
    kl_sparsity,
    softmax_loss,
    squared_error,
    weight_penalty,
)
from tutorial_lib.schedules import Cosine, Linear, value_at
from tutorial_lib.settings import EarlyStopping, FineTuning, Pretraining
from tutorial_lib.stacked import Classifier, StackedAutoencoder
from tutorial_lib.training import fine_tune, pretrain_greedily, pretrain_layer

X, LABELS = blobs(50)
QUIET = {"progress": False}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small are faster so, by far if the machine is busy."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


def make_stack(**options) -> StackedAutoencoder:
    options = {"n_classes": 4, "generator": seeded()} | options
    return StackedAutoencoder(20, [15, 10, 8], **options)


def close(given: nn.Module, expected: nn.Module, atol: float = 2e-5) -> None:
    mine, theirs = given.state_dict(), expected.state_dict()
    assert list(mine) == list(theirs)
    for name in mine:
        torch.testing.assert_close(mine[name], theirs[name], rtol=1e-4, atol=atol, msg=name)


# --- the same loops once more, as most people would write them


def own_loop(parameters, cost_of, how, n_examples: int, generator, decayed) -> list[float]:
    """Train with autograd; ``cost_of(rows, done)`` is the mean cost of a batch."""
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    optimiser = kinds[how.optimiser](parameters, lr=1.0)
    costs = []
    for epoch in range(how.n_epochs):
        order = torch.randperm(n_examples, generator=generator)
        total = 0.0
        for start in range(0, n_examples, how.batch_size):
            rows = order[start : start + how.batch_size]
            done = (epoch * n_examples + start) / (how.n_epochs * n_examples)
            optimiser.param_groups[0]["lr"] = value_at(how.learning_rate, done)
            optimiser.zero_grad()
            cost = cost_of(rows, done)
            (cost + weight_penalty(*decayed, weight_decay=how.weight_decay)).backward()
            optimiser.step()
            total += cost.item() * len(rows)
        penalty = weight_penalty(*decayed, weight_decay=how.weight_decay).item()
        costs.append(total / n_examples + penalty)
    return costs


def own_pretraining(stack: StackedAutoencoder, x: Tensor, how: Pretraining, generator):
    """Layer by layer: the codes of the trained layers, clean, and noise on top of them only."""
    histories = []
    for layer in stack.autoencoders:

        def cost_of(rows: Tensor, done: float, layer=layer, x=x) -> Tensor:
            level = value_at(how.corruption_level, done)
            noisy = corrupt(x[rows], level, kind=how.corruption, generator=generator)
            code = layer.encode(noisy)
            if how.loss == "cross_entropy":
                cost = cross_entropy(x[rows], layer.decode_logits(code))
            else:
                cost = squared_error(x[rows], layer.decode(code))
            return cost + how.sparsity_weight * kl_sparsity(code, how.sparsity_target)

        parameters = list(layer.parameters())
        weights = [p for p in parameters if p.ndim == 2]
        histories.append(own_loop(parameters, cost_of, how, len(x), generator, weights))
        x = layer.encode(x).detach()
    return histories


RATES = {"sgd": Linear(0.5, 0.1), "adam": Cosine(0.02)}
VARIANTS = {
    "plain": {},
    "masking": {"corruption_level": 0.3},
    "masking that fades": {"corruption_level": Linear(0.6, 0.0)},
    "gaussian": {"corruption_level": 0.2, "corruption": "gaussian"},
    "salt and pepper": {"corruption_level": 0.2, "corruption": "salt_and_pepper"},
    "sparse and decayed": {
        "loss": "squared_error",
        "sparsity_weight": 0.3,
        "sparsity_target": 0.2,
        "weight_decay": 0.01,
    },
}


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("tied", [True, False])
def test_pretraining_equals_the_same_loop_with_autograd(optimiser, variant, tied) -> None:
    """With batches of 16 of 50 examples, so that the last one is smaller."""
    how = Pretraining(
        n_epochs=3,
        batch_size=16,
        optimiser=optimiser,
        learning_rate=RATES[optimiser],
        **VARIANTS[variant],
    )
    ours = make_stack(tied=tied, initialisation="ufldl")
    theirs = copy.deepcopy(ours)
    histories = pretrain_greedily(ours, X, settings=how, generator=seeded(5), **QUIET)
    costs = own_pretraining(theirs, X, how, seeded(5))
    close(ours, theirs, atol=2e-4 if optimiser == "adam" else 2e-5)
    for history, own in zip(histories, costs, strict=True):
        assert history.cost == pytest.approx(own, rel=1e-4)
        assert history.validation_error == []


def test_pretraining_at_batch_size_one() -> None:
    """The published setting has a path of its own: updates of rank one, in place."""
    how = Pretraining(n_epochs=2, batch_size=1, learning_rate=0.1, corruption_level=0.2)
    ours = make_stack(initialisation="ufldl")
    theirs = copy.deepcopy(ours)
    pretrain_greedily(ours, X, settings=how, generator=seeded(5), **QUIET)
    own_pretraining(theirs, X, how, seeded(5))
    close(ours, theirs)


def test_pretraining_layer_k_changes_layer_k_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = make_stack(tied=False, initialisation="ufldl")
    seen = []

    def watched(layer: Autoencoder, x: Tensor, **options):
        before = copy.deepcopy(stack.state_dict())
        codes = x.clone()
        history = pretrain_layer(layer, x, **options)
        changed = {k for k, v in stack.state_dict().items() if not torch.equal(v, before[k])}
        seen.append((changed, codes))
        return history

    monkeypatch.setattr(training, "pretrain_layer", watched)
    how = Pretraining(n_epochs=2, corruption_level=0.5)
    pretrain_greedily(stack, X, settings=how, generator=seeded(), **QUIET)
    parts = ("encoder.weight", "encoder.bias", "visible_bias", "own_decoder_weight")
    for k, (changed, codes) in enumerate(seen):
        assert changed == {f"autoencoders.{k}.{part}" for part in parts}
        torch.testing.assert_close(codes, stack.encode(X, depth=k).detach())


def test_pretraining_leaves_the_data_alone() -> None:
    x = X.clone()
    pretrain_greedily(make_stack(), x, settings=Pretraining(corruption_level=0.5), **QUIET)
    assert torch.equal(x, X)


def test_each_layer_may_have_its_own_settings() -> None:
    each = [Pretraining(n_epochs=n, corruption_level=0.1 * n) for n in (3, 1, 2)]
    histories = pretrain_greedily(make_stack(), X, settings=each, **QUIET)
    assert [len(history.cost) for history in histories] == [3, 1, 2]


def own_fine_tuning(classifier: Classifier, how: FineTuning, generator) -> list[float]:
    def cost_of(rows: Tensor, done: float) -> Tensor:
        level = value_at(how.corruption_level, done)
        x = corrupt(X[rows], level, kind=how.corruption, generator=generator)
        if how.adversarial_level:
            x = x.clone().requires_grad_()
            (uphill,) = torch.autograd.grad(softmax_loss(classifier(x), LABELS[rows]), x)
            x = x.detach() + how.adversarial_level * uphill.sign()
        return softmax_loss(classifier(x), LABELS[rows])

    parameters = list(classifier.parameters())
    decayed = [classifier.softmax.weight]
    return own_loop(parameters, cost_of, how, len(X), generator, decayed)


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
@pytest.mark.parametrize("softmax_bias", [True, False])
@pytest.mark.parametrize(
    "extra",
    [{}, {"weight_decay": 0.1}, {"corruption_level": Linear(0.4, 0.1)}, {"adversarial_level": 0.1}],
)
def test_fine_tuning_equals_the_same_loop_with_autograd(optimiser, softmax_bias, extra) -> None:
    how = FineTuning(
        n_epochs=4, batch_size=16, optimiser=optimiser, learning_rate=RATES[optimiser], **extra
    )
    ours = make_stack(softmax_bias=softmax_bias, initialisation="ufldl")
    theirs = copy.deepcopy(ours)
    before = copy.deepcopy(ours)
    history = fine_tune(ours.classifier, X, LABELS, settings=how, generator=seeded(5), **QUIET)
    own = own_fine_tuning(theirs.classifier, how, seeded(5))
    close(ours, theirs, atol=2e-4 if optimiser == "adam" else 2e-5)
    assert history.cost == pytest.approx(own, rel=1e-4)
    for name, tensor in ours.state_dict().items():
        of_decoder = name.endswith("visible_bias")
        assert torch.equal(tensor, before.state_dict()[name]) == of_decoder, name


def test_fine_tuning_leaves_untied_decoders_alone() -> None:
    stack = make_stack(tied=False)
    before = copy.deepcopy(stack.state_dict())
    fine_tune(stack.classifier, X, LABELS, settings=FineTuning(n_epochs=3), **QUIET)
    changed = {k for k, v in stack.state_dict().items() if not torch.equal(v, before[k])}
    assert changed == {
        f"autoencoders.{k}.encoder.{p}" for k in range(3) for p in ("weight", "bias")
    } | {
        "softmax.weight",
        "softmax.bias",
    }


def test_only_the_softmax_weight_is_decayed() -> None:
    """A decay so strong that it would show anywhere, and one step of it, worked out by hand."""
    how = {"n_epochs": 1, "batch_size": 50, "learning_rate": 0.5, "shuffle": False}
    plain, decayed = make_stack(initialisation="ufldl"), make_stack(initialisation="ufldl")
    before = plain.softmax.weight.detach().clone()
    for stack, decay in ((plain, 0.0), (decayed, 1.0)):
        tuning = FineTuning(weight_decay=decay, **how)
        fine_tune(stack.classifier, X, LABELS, settings=tuning, **QUIET)
    expected = plain.softmax.weight - 0.5 * 1.0 * before
    torch.testing.assert_close(decayed.softmax.weight, expected)
    with torch.no_grad():
        decayed.softmax.weight.copy_(plain.softmax.weight)
    close(decayed, plain, atol=1e-7)


def test_a_learning_rate_that_ends_leaves_the_weights_where_they_were() -> None:
    """Half of the training at rate 0.5, then none: as half of the training alone."""
    full, half = make_stack(), make_stack()

    def first_half(done: float) -> float:
        return 0.5 if done < 0.5 else 0.0

    def tune(stack: StackedAutoencoder, rate, n_epochs: int) -> None:
        how = FineTuning(n_epochs=n_epochs, learning_rate=rate)
        fine_tune(stack.classifier, X, LABELS, settings=how, generator=seeded(), **QUIET)

    tune(full, first_half, 6)
    tune(half, 0.5, 3)
    assert_same_bits(dict(full.state_dict()), dict(half.state_dict()))


# --- L-BFGS


def test_lbfgs_reaches_the_optimum_of_softmax_regression() -> None:
    x, labels = blobs(80, n_visible=6, n_classes=3)
    decay = 0.01
    least, weight = softmax_regression_optimum(
        x.double().numpy(), labels.numpy(), n_classes=3, weight_decay=decay
    )
    classifier = Classifier([], nn.Linear(6, 3, bias=False))
    nn.init.zeros_(classifier.softmax.weight)
    how = FineTuning(optimiser="lbfgs", n_epochs=500, weight_decay=decay)
    history = fine_tune(classifier, x, labels, settings=how, **QUIET)
    assert len(history.cost) < 100, "it stops once there is nothing to gain"
    assert history.cost == sorted(history.cost, reverse=True)
    assert history.cost[-1] == pytest.approx(least, rel=1e-6)
    np.testing.assert_allclose(classifier.softmax.weight.detach(), weight, atol=2e-3)


@pytest.mark.parametrize("loss", ["squared_error", "cross_entropy"])
def test_lbfgs_pretraining_counts_the_whole_cost(loss: str) -> None:
    """The last cost is that of the weights left, on all data, penalties included; in chunks."""
    x, _ = blobs(2100)
    how = Pretraining(
        optimiser="lbfgs", n_epochs=15, loss=loss, sparsity_weight=0.2, weight_decay=0.003
    )
    layer = Autoencoder(20, 8, tied=False, initialisation="ufldl", generator=seeded())
    history = pretrain_layer(layer, x, settings=how, **QUIET)
    code = layer.encode(x)
    cost = (
        cross_entropy(x, layer.decode_logits(code))
        if loss == "cross_entropy"
        else squared_error(x, layer.decode(code))
    )
    cost = cost + 0.2 * kl_sparsity(code, 0.1)
    cost = cost + weight_penalty(layer.encoder.weight, layer.decoder_weight, weight_decay=0.003)
    assert history.cost[-1] == pytest.approx(cost.item(), rel=1e-5)
    assert len(history.cost) == 15
    assert all(b < a for a, b in zip(history.cost, history.cost[1:], strict=False))


def test_lbfgs_searches_along_its_line_when_it_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    original = ClassifierGradients.__call__
    monkeypatch.setattr(
        ClassifierGradients, "__call__", lambda self, *a: calls.append(1) or original(self, *a)
    )
    how = FineTuning(optimiser="lbfgs", n_epochs=30)
    history = fine_tune(make_stack().classifier, X, LABELS, settings=how, **QUIET)
    n = len(history.cost)
    assert n + 1 < len(calls) < 3 * n, "more than one evaluation an iteration, but not many"


def test_no_gradients_are_left_behind() -> None:
    for optimiser in OPTIMISERS:
        stack = make_stack()
        how = FineTuning(optimiser=optimiser, n_epochs=2)
        fine_tune(stack.classifier, X, LABELS, settings=how, **QUIET)
        assert all(p.grad is None for p in stack.parameters())
        assert all(p.requires_grad for p in stack.parameters())


# --- validation


def test_the_weights_left_are_those_of_the_best_validation_epoch() -> None:
    validation = blobs(200, seed=3)
    for restore_best in (True, False):
        stack = make_stack()
        how = FineTuning(
            n_epochs=20, optimiser="adam", learning_rate=0.05, restore_best=restore_best
        )
        history = fine_tune(
            stack.classifier,
            *(X, LABELS),
            settings=how,
            validation=validation,
            generator=seeded(2),
            **QUIET,
        )
        errors = history.validation_error
        assert len(errors) == len(history.cost) == 20
        assert history.best_epoch == 1 + int(np.argmin(errors))
        assert min(errors) < errors[-1], "else this example would prove nothing"
        left = evaluate(stack.classifier, *validation)
        assert left == (min(errors) if restore_best else errors[-1])


def test_the_best_weights_are_restored_by_default_and_stopping_is_not() -> None:
    assert FineTuning().restore_best
    assert FineTuning().early_stopping is None


def test_early_stopping_ends_fine_tuning() -> None:
    how = FineTuning(n_epochs=50, learning_rate=0.0, early_stopping=EarlyStopping(patience=4))
    history = fine_tune(
        make_stack().classifier, X, LABELS, settings=how, validation=(X, LABELS), **QUIET
    )
    assert len(history.cost) == 4, "nothing ever improves at a learning rate of 0"


# --- the same seed, the same bits


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_a_seed_gives_the_same_bits_twice(optimiser: str) -> None:
    (one, first), (two, second) = train(optimiser, None), train(optimiser, None)
    assert_same_bits(dict(one.state_dict()), dict(two.state_dict()))
    for a, b in zip(first, second, strict=True):
        a.seconds = b.seconds = 0
        assert a == b


@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_two_threads_give_the_same_bits_twice(optimiser: str, precision: str) -> None:
    """At a size at which PyTorch does share out the work."""
    torch.set_num_threads(2)
    x = torch.rand(600, 784, generator=seeded())
    labels = torch.randint(10, (600,), generator=seeded())
    how = {"n_epochs": 2, "optimiser": optimiser, "learning_rate": 0.01, "batch_size": 100}
    states = []
    for _ in range(2):
        stack = StackedAutoencoder(784, [200], generator=seeded())
        common = {"precision": precision, "generator": seeded(), **QUIET}
        pretrain_greedily(stack, x, settings=Pretraining(**how), **common)
        fine_tune(stack.classifier, x, labels, settings=FineTuning(**how), **common)
        states.append(dict(stack.state_dict()))
    assert_same_bits(*states)


def test_another_seed_gives_another_result() -> None:
    for how in (Pretraining(n_epochs=1, corruption_level=0.3), Pretraining(n_epochs=1)):
        results = []
        for seed in (1, 2):
            layer = Autoencoder(20, 5, generator=seeded())
            pretrain_layer(layer, X, settings=how, generator=seeded(seed), **QUIET)
            results.append(layer.encoder.weight.detach())
        assert not torch.equal(*results), "the noise and the order both come from the generator"


def test_without_a_generator_the_global_seed_decides() -> None:
    results = []
    with torch.random.fork_rng(devices=[]):
        for seed in (1, 1, 2):
            torch.manual_seed(seed)
            layer = Autoencoder(20, 5, generator=seeded())
            pretrain_layer(layer, X, settings=Pretraining(n_epochs=1), **QUIET)
            results.append(layer.encoder.weight.detach())
    assert torch.equal(results[0], results[1])
    assert not torch.equal(results[0], results[2])


# --- checkpoints of another training


@pytest.mark.parametrize("change", ["settings", "sizes", "precision", "seed", "data"])
def test_a_checkpoint_of_other_circumstances_is_refused(tmp_path: Path, change: str) -> None:
    def tune(settings=FineTuning(n_epochs=2), sizes=(15, 10), x=X, precision="float32", seed=0):  # noqa: B008
        stack = StackedAutoencoder(20, sizes, n_classes=4, generator=seeded())
        file = tmp_path / "run.checkpoint"
        fine_tune(
            stack.classifier,
            *(x, LABELS),
            settings=settings,
            precision=precision,
            generator=seeded(seed),
            checkpoint=file,
            **QUIET,
        )

    tune()
    tune()  # the same again is no error
    other = X.clone()
    other[49, 19] += 1e-6
    changed = {
        "settings": {"settings": FineTuning(n_epochs=3)},
        "sizes": {"sizes": (15, 9)},
        "precision": {"precision": "bfloat16"},
        "seed": {"seed": 1},
        "data": {"x": other},
    }[change]
    with pytest.raises(CheckpointError, match=rf"belongs to another training \({change}: "):
        tune(**changed)


def test_other_labels_are_other_data(tmp_path: Path) -> None:
    how = {"settings": FineTuning(n_epochs=1), "checkpoint": tmp_path / "a.checkpoint", **QUIET}
    fine_tune(make_stack().classifier, X, LABELS, **how)
    labels = LABELS.clone()
    labels[3] = (labels[3] + 1) % 4
    with pytest.raises(CheckpointError, match=r"another training \(data: "):
        fine_tune(make_stack().classifier, X, labels, **how)


def test_a_finished_training_is_only_read(tmp_path: Path) -> None:
    first, histories = train("adam", tmp_path)
    again, same = train("adam", tmp_path)
    assert same == histories
    assert_same_bits(dict(again.state_dict()), dict(first.state_dict()))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_data_of_any_float_dtype_can_have_checkpoints(tmp_path: Path, dtype) -> None:
    how = {"settings": Pretraining(n_epochs=1), "checkpoints": tmp_path, **QUIET}
    pretrain_greedily(make_stack(), X.to(dtype), **how)
    assert len(list(tmp_path.iterdir())) == 3


# --- a folder of checkpoints


def train_one(folder: Path, *, how: Pretraining | None = None, seed: int = 0, start: int = 0):
    layer = Autoencoder(20, 5, generator=seeded(start))
    options = {"settings": how or Pretraining(n_epochs=1), "generator": seeded(seed)}
    history = pretrain_layer(layer, X, checkpoint=f"{folder}/", title="One", **options, **QUIET)
    return layer, history


def test_in_a_folder_every_training_has_a_file_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "version 1.0"  # the slash decides, not the dot
    train_one(folder)
    train_one(folder, how=Pretraining(n_epochs=2))
    train_one(folder, seed=1)
    train_one(folder, start=1)
    files = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert len(files) == 4
    assert all(re.fullmatch(r"one-[0-9a-f]{12}\.checkpoint", name) for name in files)
    train_one(folder)
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == files


def test_the_same_call_on_a_trained_model_changes_nothing(tmp_path: Path) -> None:
    layer, history = train_one(tmp_path)
    before = layer.encoder.weight.detach().clone()
    how = {"settings": Pretraining(n_epochs=1), "generator": seeded()}
    again = pretrain_layer(layer, X, checkpoint=tmp_path, title="One", **how, **QUIET)
    assert again == history
    assert torch.equal(layer.encoder.weight, before)
    assert len(list(tmp_path.iterdir())) == 1


def test_other_settings_on_a_trained_model_go_on_from_it(tmp_path: Path) -> None:
    longer = Pretraining(n_epochs=2)
    direct, _ = train_one(tmp_path, how=longer)
    layer, _ = train_one(tmp_path)
    how = {"settings": longer, "generator": seeded()}
    pretrain_layer(layer, X, checkpoint=tmp_path, title="One", **how, **QUIET)
    assert not torch.equal(layer.encoder.weight, direct.encoder.weight)
    assert len(list(tmp_path.iterdir())) == 3


# --- data of other kinds


def test_float64_data_train_as_float32_data_do() -> None:
    x = (X * 256).round() / 256  # exact in both
    states = []
    for data in (x, x.double()):
        stack = make_stack()
        pretrain_greedily(
            stack, data, settings=Pretraining(n_epochs=2), generator=seeded(), **QUIET
        )
        how = FineTuning(n_epochs=2)
        fine_tune(
            stack.classifier,
            *(data, LABELS),
            settings=how,
            validation=(data, LABELS),
            generator=seeded(),
            **QUIET,
        )
        states.append(dict(stack.state_dict()))
    assert_same_bits(*states)


def test_one_example_is_enough() -> None:
    stack = make_stack()
    pretrain_greedily(stack, X[:1], settings=Pretraining(n_epochs=2), **QUIET)
    fine_tune(stack.classifier, X[:1], LABELS[:1], settings=FineTuning(n_epochs=2), **QUIET)


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_bfloat16_training_works_with_float32_weights(optimiser: str) -> None:
    layers, tuning = settings(optimiser)
    stack = StackedAutoencoder(20, [15, 10], n_classes=4, generator=seeded(1))
    common = {"generator": seeded(), "precision": "bfloat16", **QUIET}
    histories = pretrain_greedily(stack, X, settings=layers, **common)
    history = fine_tune(
        stack.classifier, X, LABELS, settings=tuning, validation=(X, LABELS), **common
    )
    assert all(p.dtype == torch.float32 for p in stack.parameters())
    for each in (*histories, history):
        assert each.cost[-1] < each.cost[0]


def test_both_recipes_learn_to_tell_pictures_apart() -> None:
    """From chance to nearly no error, on pictures that were never seen."""
    x, labels = blobs(400, n_visible=30, n_classes=6, noise=0.6)
    unseen = blobs(400, n_visible=30, n_classes=6, noise=0.6, seed=5)
    recipes = [
        ("sda", {"optimiser": "sgd", "learning_rate": 0.3, "corruption_level": 0.2}, {}),
        ("ufldl", {"optimiser": "lbfgs"}, {"loss": "squared_error", "sparsity_weight": 0.3}),
    ]
    for initialisation, common, more in recipes:
        stack = StackedAutoencoder(
            *(30, [25, 20]),
            n_classes=6,
            tied=initialisation == "sda",
            initialisation=initialisation,
            generator=seeded(),
        )
        before = torch.dist(stack(x), x).item()
        layers = Pretraining(n_epochs=30, batch_size=10, **common, **more)
        pretrain_greedily(stack, x, settings=layers, generator=seeded(), **QUIET)
        assert torch.dist(stack(x), x).item() < 0.85 * before
        assert evaluate(stack.classifier, *unseen) > 50
        tuning = FineTuning(n_epochs=40, batch_size=10, **common)
        fine_tune(stack.classifier, x, labels, settings=tuning, generator=seeded(), **QUIET)
        assert evaluate(stack.classifier, *unseen) < 3


# --- progress


def test_silence_on_request(capfd: pytest.CaptureFixture[str]) -> None:
    train("sgd", None, n_epochs=2)
    assert capfd.readouterr() == ("", "")


def test_bars_name_what_is_trained(capfd: pytest.CaptureFixture[str]) -> None:
    stack = make_stack()
    pretrain_greedily(stack, X, settings=Pretraining(n_epochs=1))
    fine_tune(stack.classifier, X, LABELS, settings=FineTuning(n_epochs=1))
    out, err = capfd.readouterr()
    assert out == ""
    for title in ("Layer 1 of 3: 100%", "Layer 3 of 3: 100%", "Fine-tuning: 100%"):
        assert title in err


# --- divergence


def test_a_training_that_diverges_says_so() -> None:
    layer = Autoencoder(20, 8, generator=seeded())
    how = Pretraining(n_epochs=50, learning_rate=1e38)
    with pytest.raises(
        TrainingDiverged, match=r"Pre-training: the cost became .* in epoch \d+. Lower"
    ):
        pretrain_layer(layer, X, settings=how, **QUIET)


def test_fine_tuning_that_diverges_says_so() -> None:
    how = FineTuning(n_epochs=50, learning_rate=1e38)
    with pytest.raises(TrainingDiverged, match="Fine-tuning: the cost became"):
        fine_tune(make_stack().classifier, X, LABELS, settings=how, **QUIET)


# --- wrong arguments


def with_value(value: float) -> Tensor:
    x = X.clone()
    x[3, 4] = value
    return x


WRONG_DATA = {
    "a row": (X[0], ValueError, r"x has shape \(20,\); expected \(n_examples, 20\)"),
    "pictures": (X.view(50, 4, 5), ValueError, r"x has shape \(50, 4, 5\); expected"),
    "other size": (X[:, :19], ValueError, r"x has shape \(50, 19\); expected \(n_examples, 20\)"),
    "bytes": (X.byte(), TypeError, "x has dtype torch.uint8; convert it with .float"),
    "integers": (X.long(), TypeError, "x has dtype torch.int64; convert it"),
    "complex": (X.to(torch.complex64), TypeError, "x has dtype torch.complex64; convert it"),
    "booleans": (X > 0.5, TypeError, "x has dtype torch.bool; convert it"),
    "array": (X.numpy(), TypeError, "x is a ndarray; pass a torch.Tensor"),
    "list": (X.tolist(), TypeError, "x is a list; pass a torch.Tensor"),
    "nothing": (None, TypeError, "x is a NoneType; pass a torch.Tensor"),
    "no rows": (X[:0], ValueError, "x has no rows; pass at least one"),
    "NaN": (with_value(torch.nan), ValueError, "x has NaN or infinite values, first in row 3"),
    "infinite": (with_value(torch.inf), ValueError, "x has NaN or infinite values, first in row 3"),
}
OUT_OF_RANGE = {
    "pixels": (with_value(255), ValueError, "x runs from .* to 255; .* divide pixels by 255"),
    "below 0": (with_value(-0.01), ValueError, "x runs from -0.01 to"),
    "above 1": (with_value(1.001), ValueError, "x runs from .* to 1.001; .*sigmoid"),
}


@pytest.mark.parametrize("case", WRONG_DATA | OUT_OF_RANGE)
def test_pretraining_refuses_wrong_data(case: str) -> None:
    x, kind, message = (WRONG_DATA | OUT_OF_RANGE)[case]
    stack = make_stack()
    before = copy.deepcopy(stack.state_dict())
    for train_it in (
        lambda: pretrain_layer(stack.autoencoders[0], x, settings=Pretraining(), **QUIET),
        lambda: pretrain_greedily(stack, x, settings=Pretraining(), **QUIET),
    ):
        with pytest.raises(kind, match=f"^{message}"):
            train_it()
    assert_same_bits(dict(stack.state_dict()), dict(before))


@pytest.mark.parametrize("case", WRONG_DATA)
def test_fine_tuning_and_evaluation_refuse_wrong_data(case: str) -> None:
    x, kind, message = WRONG_DATA[case]
    classifier = make_stack().classifier
    how = {"settings": FineTuning(n_epochs=1), **QUIET}
    with pytest.raises(kind, match=f"^{message}"):
        fine_tune(classifier, x, LABELS, **how)
    with pytest.raises(kind, match=f"^validation {message}"):
        fine_tune(classifier, X, LABELS, validation=(x, LABELS), **how)
    with pytest.raises(kind, match=f"^{message}"):
        evaluate(classifier, x, LABELS)


def test_fine_tuning_takes_data_outside_zero_and_one() -> None:
    how = FineTuning(n_epochs=1)
    history = fine_tune(make_stack().classifier, 3 * X - 1, LABELS, settings=how, **QUIET)
    assert len(history.cost) == 1


WRONG_LABELS = {
    "too few": (LABELS[:49], ValueError, r"labels have shape \(49,\); expected \(50,\)"),
    "one": (LABELS[:1], ValueError, r"labels have shape \(1,\); expected \(50,\)"),
    "one-hot": (torch.eye(4).long()[LABELS], ValueError, r"labels have shape \(50, 4\); expected"),
    "class 4": (LABELS + 1, ValueError, "labels run from 1 to 4; .* classes 0 to 3"),
    "negative": (LABELS - 1, ValueError, "labels run from -1 to 2; .* classes 0 to 3"),
    "floats": (LABELS.float(), TypeError, "labels are torch.float32; expected an int64 tensor"),
    "int32": (LABELS.int(), TypeError, "labels are torch.int32; expected an int64"),
    "list": (LABELS.tolist(), TypeError, "labels are list; expected an int64 tensor"),
    "array": (LABELS.numpy(), TypeError, "labels are ndarray; expected an int64 tensor"),
}


@pytest.mark.parametrize("case", WRONG_LABELS)
def test_wrong_labels_are_refused(case: str) -> None:
    labels, kind, message = WRONG_LABELS[case]
    classifier = make_stack().classifier
    how = {"settings": FineTuning(n_epochs=1), **QUIET}
    assert (int(LABELS.min()), int(LABELS.max())) == (0, 3)
    with pytest.raises(kind, match=f"^{message}"):
        fine_tune(classifier, X, labels, **how)
    with pytest.raises(kind, match=f"^validation {message}"):
        fine_tune(classifier, X, LABELS, validation=(X, labels), **how)
    with pytest.raises(kind, match=f"^{message}"):
        evaluate(classifier, X, labels)


def test_early_stopping_without_validation_data_is_refused() -> None:
    how = FineTuning(early_stopping=EarlyStopping())
    with pytest.raises(ValueError, match="early_stopping needs validation="):
        fine_tune(make_stack().classifier, X, LABELS, settings=how, **QUIET)


@pytest.mark.parametrize("n", [0, 1, 2, 4])
def test_a_wrong_number_of_settings_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match=f"{n} settings were given for 3 layers"):
        pretrain_greedily(make_stack(), X, settings=[Pretraining()] * n, **QUIET)


@pytest.mark.parametrize("generator", [0, "0", torch.rand])
def test_a_seed_is_no_generator(generator: object) -> None:
    stack = make_stack()
    how = {"generator": generator, **QUIET}
    for call in (
        lambda: pretrain_layer(stack.autoencoders[0], X, settings=Pretraining(), **how),
        lambda: pretrain_greedily(stack, X, settings=Pretraining(), **how),
        lambda: fine_tune(stack.classifier, X, LABELS, settings=FineTuning(), **how),
    ):
        with pytest.raises(TypeError, match=r"generator is .*; pass a torch\.Generator, such as"):
            call()


def test_a_generator_of_another_device_is_refused() -> None:
    x = torch.empty(2, 3, device="meta")
    message = r"generator is on cpu, but x is on meta; make it with torch.Generator\('meta'\)"
    with pytest.raises(ValueError, match=message):
        require_generator(torch.Generator(), x)
    require_generator(torch.Generator(), torch.empty(2, 3))


def test_an_unknown_precision_is_refused() -> None:
    stack = make_stack()
    for call in (
        lambda: pretrain_greedily(stack, X, settings=Pretraining(), precision="half", **QUIET),
        lambda: fine_tune(
            stack.classifier, X, LABELS, settings=FineTuning(), precision="half", **QUIET
        ),
    ):
        with pytest.raises(ValueError, match="precision is 'half'; choose one of"):
            call()


# --- evaluation


def reader(n_classes: int = 3) -> Classifier:
    """A classifier without layers, whose answer is the place of the largest input."""
    classifier = Classifier([], nn.Linear(n_classes, n_classes, bias=False))
    with torch.no_grad():
        classifier.softmax.weight.copy_(torch.eye(n_classes))
    return classifier


def test_evaluate_by_hand() -> None:
    x = torch.eye(3)[[0, 1, 2, 2]]
    assert evaluate(reader(), x, torch.tensor([0, 1, 2, 2])) == 0
    assert evaluate(reader(), x, torch.tensor([0, 1, 2, 0])) == 25
    assert evaluate(reader(), x, torch.tensor([1, 2, 0, 0])) == 100


@pytest.mark.parametrize("n_examples", [1, 999, 1000, 1001, 2500])
def test_data_sets_are_worked_through_to_the_last_row(n_examples: int) -> None:
    truth = torch.randint(3, (n_examples,), generator=seeded())
    x = torch.eye(3)[truth]
    assert torch.equal(predict_dataset(reader(), x), truth)
    wrong = truth.clone()
    wrong[-1] = (wrong[-1] + 1) % 3
    assert evaluate(reader(), x, wrong) == pytest.approx(100 / n_examples)
    layer = Autoencoder(3, 5, generator=seeded())
    codes = encode_dataset(layer, x)
    torch.testing.assert_close(codes, layer.encode(x).detach(), rtol=1e-6, atol=1e-6)
    assert not codes.requires_grad
