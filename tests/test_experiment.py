"""One run of a recipe: which stages, on what, from which weights, and what is reported."""

import copy
import json
import math
from dataclasses import replace

import pytest
import torch
from tiny_reproduction import N_TEST, N_VALIDATION, tiny_digits, tiny_recipe, without_times

from tutorial_lib import experiment as module
from tutorial_lib.experiment import Experiment

NAMES = ["ufldl", "sda"]


def new(folder, name="sda", *, recipe=None, seed=3, precision="float32", progress=False):
    return Experiment(
        recipe or tiny_recipe(name),
        tiny_digits(name),
        seed=seed,
        precision=precision,
        checkpoints=folder,
        progress=progress,
    )


def state(model):
    return copy.deepcopy(model.state_dict())


def assert_same(given, expected):
    assert given.keys() == expected.keys()
    for name in expected:
        assert torch.equal(given[name], expected[name]), name


def error(classifier, split):
    """The error in percent, counted without the library's `evaluate`."""
    n_wrong = sum(
        int(logits.argmax() != label)
        for logits, label in zip(classifier(split.images), split.labels, strict=True)
    )
    return 100 * n_wrong / len(split)


@pytest.fixture
def stages(monkeypatch):
    """What each call of `fine_tune` started from: title, model, images, validation."""
    calls = []
    original = module.fine_tune

    def record(classifier, x, labels, **options):
        calls.append((options.get("title"), copy.deepcopy(classifier), x.clone(), options))
        return original(classifier, x, labels, **options)

    monkeypatch.setattr(module, "fine_tune", record)
    return calls


@pytest.mark.parametrize("name", NAMES)
def test_a_run_reports_every_figure(tmp_path, name):
    run = new(tmp_path, name).run()
    figures = {
        "ufldl": {"accuracy_before_fine_tuning", "test_accuracy"},
        "sda": {"validation_error", "test_error"},
    }
    shared = {"recipe", "preset", "seed", "threads", "precision", "torch", "seconds", "history"}
    assert run.keys() == shared | figures[name] | {"test_error_without_pretraining"}
    assert (run["recipe"], run["preset"], run["seed"]) == (name, "full", 3)
    assert (run["threads"], run["torch"]) == (torch.get_num_threads(), torch.__version__)
    assert run["precision"] == "float32"
    for figure in figures[name] | {"test_error_without_pretraining"}:
        assert 0 <= run[figure] <= 100
    assert json.loads(json.dumps(run, allow_nan=False)) == run


@pytest.mark.parametrize("name", NAMES)
def test_the_time_in_all_is_that_of_the_two_phases(tmp_path, name):
    run = new(tmp_path, name).run()
    history, seconds = run["history"], run["seconds"]
    before = [*history["pretraining"], *history["softmax"]]
    assert seconds["pretraining"] == pytest.approx(sum(h["seconds"] for h in before))
    assert seconds["fine_tuning"] == history["fine_tuning"]["seconds"]
    assert seconds["total"] == pytest.approx(seconds["pretraining"] + seconds["fine_tuning"])
    assert seconds["without_pretraining"] == history["without_pretraining"]["seconds"]
    assert all(value > 0 for value in seconds.values())


@pytest.mark.parametrize("name", NAMES)
def test_the_history_has_every_stage_in_full(tmp_path, name):
    recipe, history = tiny_recipe(name), new(tmp_path, name).run()["history"]
    n_epochs = [len(layer["cost"]) for layer in history["pretraining"]]
    assert n_epochs == [layer.n_epochs for layer in recipe.pretraining]
    assert len(history["softmax"]) == (name == "ufldl")
    for stage in ("fine_tuning", "without_pretraining"):
        assert len(history[stage]["cost"]) == recipe.fine_tuning.n_epochs
        judged = len(history[stage]["validation_error"])
        assert judged == (recipe.fine_tuning.n_epochs if name == "sda" else 0)


def test_sda_reports_the_best_epoch_and_its_network(tmp_path):
    recipe = tiny_recipe("sda")
    overshooting = replace(
        recipe.fine_tuning, learning_rate=lambda done: 0.02 if done < 0.8 else 50.0
    )
    experiment = new(tmp_path, recipe=replace(recipe, fine_tuning=overshooting))
    run = experiment.run()
    errors = run["history"]["fine_tuning"]["validation_error"]
    assert min(errors) < errors[-1], "else this test would prove nothing"
    assert run["validation_error"] == min(errors)
    classifier = experiment.stack.classifier
    assert error(classifier, experiment.validation) == pytest.approx(min(errors))
    assert error(classifier, experiment.test) == pytest.approx(run["test_error"])


def test_ufldl_reports_the_accuracy_before_and_after_fine_tuning(tmp_path, stages):
    experiment = new(tmp_path, "ufldl")
    run = experiment.run()
    before = next(model for title, model, *_ in stages if title == "Fine-tuning")
    assert run["accuracy_before_fine_tuning"] == pytest.approx(100 - error(before, experiment.test))
    after = experiment.stack.classifier
    assert run["test_accuracy"] == pytest.approx(100 - error(after, experiment.test))


def test_ufldl_trains_the_softmax_on_the_deepest_code_and_nothing_else(tmp_path, stages):
    experiment = new(tmp_path, "ufldl")
    experiment.run()
    titles = [title for title, *_ in stages]
    assert titles == ["Softmax", "Fine-tuning", "Without pre-training"]
    (_, softmax, codes, _), (_, tuned, images, _), _ = stages
    assert len(softmax.encoders) == 0
    x = experiment.train.images
    assert torch.equal(images, x)
    for encoder in tuned.encoders:
        x = torch.sigmoid(encoder(x))
    torch.testing.assert_close(codes, x, rtol=1e-5, atol=1e-6)
    assert not torch.equal(softmax.softmax.weight, tuned.softmax.weight), "the softmax learnt"


def test_sda_has_no_softmax_stage(tmp_path, stages):
    new(tmp_path).run()
    assert [title for title, *_ in stages] == ["Fine-tuning", "Without pre-training"]
    assert torch.equal(stages[0][1].softmax.weight, torch.zeros(10, 12))


@pytest.mark.parametrize("name", NAMES)
def test_the_control_starts_from_the_same_weights_without_pretraining(tmp_path, stages, name):
    untrained = state(new(tmp_path / "untrained", name).stack.classifier)
    experiment = new(tmp_path, name)
    experiment.run()
    (_, tuned, images, options), (title, control, other_images, other_options) = stages[-2:]
    assert title == "Without pre-training"
    assert_same(state(control), untrained)
    for layer in range(2):
        key = f"encoders.{layer}.weight"
        assert not torch.equal(tuned.state_dict()[key], untrained[key]), "pre-training changed it"
    assert torch.equal(images, other_images)
    assert options["settings"] == other_options["settings"]
    seeds = [o["generator"].initial_seed() for o in (options, other_options)]
    assert seeds[0] == seeds[1], "both see the same order of examples and the same noise"


def test_the_control_leaves_the_main_network_and_its_figures_alone(tmp_path):
    alone, both = new(tmp_path / "alone"), new(tmp_path / "both")
    run, run_with_control = alone.run(control=False), both.run(control=True)
    assert "test_error_without_pretraining" not in run
    assert "without_pretraining" not in run["history"]
    assert "without_pretraining" not in run["seconds"]
    del run_with_control["test_error_without_pretraining"]
    del run_with_control["history"]["without_pretraining"]
    assert without_times(run_with_control) == without_times(run)
    assert_same(state(both.stack), state(alone.stack))


@pytest.mark.parametrize("name", NAMES)
def test_only_the_first_images_are_trained_on_and_no_test_image_ever(tmp_path, stages, name):
    recipe = replace(tiny_recipe(name), n_train=40)
    experiment = new(tmp_path, name, recipe=recipe)
    experiment.run()
    digits = tiny_digits(name)
    _, _, images, options = stages[-2]
    assert torch.equal(images, digits.train.images[:40])
    if name == "ufldl":
        assert options["validation"] is None
    else:
        assert torch.equal(options["validation"][0], digits.validation.images)
        assert len(options["validation"][0]) == N_VALIDATION
    assert len(experiment.test) == N_TEST


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_gives_the_same_twice_and_another_seed_something_else(tmp_path, name):
    torch.manual_seed(1)
    first = new(tmp_path / "1", name)
    figures = without_times(first.run())
    torch.manual_seed(2)  # the library's generators are its own
    second = new(tmp_path / "2", name)
    assert without_times(second.run()) == figures
    assert_same(state(second.stack), state(first.stack))
    other = new(tmp_path / "3", name, seed=4)
    assert without_times(other.run())["history"] != figures["history"]


def test_seeds_share_no_stream(tmp_path):
    streams = {
        new(tmp_path, seed=seed)._generator(stage).initial_seed()
        for seed in range(5)
        for stage in range(3)
    }
    assert len(streams) == 15


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lost", ["fine_tuning", "control", "layer-2", None])
def test_a_stage_trained_again_alone_gives_the_same(tmp_path, name, lost):
    whole = new(tmp_path, name)
    expected = without_times(whole.run())
    if lost is not None:
        (file,) = tmp_path.glob(f"{lost}*.checkpoint")
        file.unlink()
    again = new(tmp_path, name)
    if lost == "layer-2":  # and what is built upon it
        for file in ("softmax", "fine_tuning"):
            (tmp_path / f"{file}.checkpoint").unlink(missing_ok=True)
    assert without_times(again.run()) == expected
    assert_same(state(again.stack), state(whole.stack))


def test_bfloat16_rounds_the_products_and_keeps_the_weights(tmp_path):
    exact, rounded = new(tmp_path / "a"), new(tmp_path / "b", precision="bfloat16")
    run, rough = exact.run(), rounded.run()
    assert rough["precision"] == "bfloat16"
    assert all(p.dtype == torch.float32 for p in rounded.stack.parameters())
    costs = [r["history"]["pretraining"][0]["cost"] for r in (run, rough)]
    assert costs[0] != costs[1]
    assert costs[0] == pytest.approx(costs[1], rel=0.05)


@pytest.mark.parametrize("progress", [True, False])
def test_bars_are_shown_or_not(tmp_path, capsys, progress):
    new(tmp_path, "ufldl", progress=progress).run()
    captured = capsys.readouterr()
    assert captured.out == ""
    titles = ["Layer 1 of 2", "Layer 2 of 2", "Softmax", "Fine-tuning", "Without pre-training"]
    assert [title in captured.err for title in titles] == [progress] * 5
    assert progress or captured.err == ""


def test_training_lowers_the_costs(tmp_path):
    for name in NAMES:
        history = new(tmp_path / name, name).run()["history"]
        stages = [*history["pretraining"], *history["softmax"], history["fine_tuning"]]
        for stage in stages:
            assert all(map(math.isfinite, stage["cost"]))
            assert stage["cost"][-1] < stage["cost"][0]
