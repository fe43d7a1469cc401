"""Each explorer in the kernel, without a browser: what it computes, says, and leaves behind."""

import asyncio
import html
import re

import numpy as np
import pytest
import torch
from ipywidgets import HTML
from notebook_runs import FOLDER, read
from torch import Tensor

from tutorial_lib import widgets
from tutorial_lib.autoencoder import Autoencoder, corrupt
from tutorial_lib.features import combine_filters
from tutorial_lib.stacked import StackedAutoencoder
from tutorial_lib.study_files import load_study
from tutorial_lib.study_results import LABELS
from tutorial_lib.widgets import (
    CorruptionExplorer,
    FilterExplorer,
    PretrainingExplorer,
    StackExplorer,
    TrainingBench,
    latency,
    panel,
    pixels,
)
from tutorial_lib.widgets.latency import measure_explorers
from tutorial_lib.widgets.pad import DrawingPad


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def images() -> Tensor:
    return torch.rand(40, 784, generator=seeded(1)).round()


def trained(model):
    """Move the biases from 0, as training does."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=seeded(2)))
    return model


@pytest.fixture
def autoencoder() -> Autoencoder:
    return trained(Autoencoder(784, 30, generator=seeded(3)))


@pytest.fixture
def stack() -> StackedAutoencoder:
    return trained(StackedAutoencoder(784, [30, 20, 10], generator=seeded(4)))


def words(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def problem(explorer) -> str:
    return words(explorer._problem.value)


# --- The twin -----------------------------------------------------------------------------------


@pytest.fixture
def explorers(autoencoder, stack, images):
    return [
        CorruptionExplorer(autoencoder, images),
        FilterExplorer(stack, images),
        TrainingBench(images, n_hidden=16, n_steps=2),
        StackExplorer(stack, images),
        PretrainingExplorer(),
    ]


def test_every_explorer_shows_a_still_picture_and_then_itself(explorers, monkeypatch):
    shown: list[dict] = []
    monkeypatch.setattr(panel, "display", lambda data, raw: shown.append(data))
    for explorer in explorers:
        shown.clear()
        explorer._ipython_display_()
        twin, live = shown
        assert twin["image/png"].startswith(b"\x89PNG")
        assert twin["text/plain"] == explorer.describe()
        assert f'alt="{html.escape(explorer.describe())}"' in twin["text/html"]
        assert f"tl-twin-{explorer.model_id}" in twin["text/html"]
        assert live["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.model_id
        assert live["text/plain"] == ""
        assert problem(explorer) == ""


def test_an_exception_in_a_callback_is_told_and_taken_back(autoencoder, images, monkeypatch):
    explorer = CorruptionExplorer(autoencoder, images)
    with monkeypatch.context() as patch:
        patch.setattr(explorer, "rows", lambda: 1 / 0)
        explorer.level.value = 0.5
        assert problem(explorer) == "Problem: division by zero"
        assert 'role="alert"' in explorer._problem.value
    explorer.level.value = 0.6
    assert problem(explorer) == ""


def test_a_problem_within_a_callback_that_set_off_another_stays(stack, images):
    explorer = StackExplorer(stack, images)
    explorer.pad.ink = b"abc"  # drawing sets the source, and that updates
    assert "cannot reshape" in problem(explorer)
    explorer.pad.ink = bytes(784)
    assert problem(explorer) == ""


def test_a_picture_that_cannot_be_drawn_leaves_the_live_explorer(autoencoder, images, monkeypatch):
    explorer = CorruptionExplorer(autoencoder, images)
    shown: list[dict] = []
    monkeypatch.setattr(panel, "display", lambda data, raw: shown.append(data))
    monkeypatch.setattr(explorer, "picture", lambda: 1 / 0)
    explorer._ipython_display_()
    (live,) = shown
    assert "application/vnd.jupyter.widget-view+json" in live
    assert "division by zero" in problem(explorer)


def test_closed_an_explorer_leaves_no_widget_behind(explorers):
    for explorer in explorers:
        parts = [*panel._parts(explorer), explorer]
        assert len(parts) > 5
        explorer.close()
        assert all(part.comm is None for part in parts)


def html_of(explorer) -> str:
    return " ".join(part.value for part in panel._parts(explorer) if isinstance(part, HTML))


def test_a_name_is_words_and_never_html(autoencoder, stack, images):
    with torch.no_grad():
        stack.softmax.weight.add_(1)  # looks trained
    name = '<b>&"x</b>'
    for explorer in (
        CorruptionExplorer({name: autoencoder}, images),
        FilterExplorer({name: autoencoder}, images),
        StackExplorer({name: stack, "other": stack}, images),
    ):
        assert "<b>" not in html_of(explorer)
        assert html.escape(name) in html_of(explorer)


@pytest.mark.parametrize("explorer", [CorruptionExplorer, FilterExplorer])
def test_an_untrained_model_is_told(explorer, images):
    assert "looks untrained" in problem(explorer(Autoencoder(784, 5), images))


@pytest.mark.parametrize("explorer", [CorruptionExplorer, FilterExplorer, StackExplorer])
@pytest.mark.parametrize(
    ("models", "error"),
    [
        ({}, "0 models were given; expected 1 to 2"),
        (torch.nn.Linear(784, 3), "is a Linear; expected an"),
        ("model", "is a str; expected an"),
    ],
)
def test_what_is_no_model_is_refused(explorer, models, error, images):
    with pytest.raises((TypeError, ValueError), match=error):
        explorer(models, images)


@pytest.mark.parametrize("bad", [torch.zeros(3, 5), torch.zeros(784), torch.zeros(0, 784), [1, 2]])
def test_what_are_no_images_is_refused(bad, autoencoder, stack):
    for make in (
        lambda: CorruptionExplorer(autoencoder, bad),
        lambda: FilterExplorer(autoencoder, bad),
        lambda: StackExplorer(stack, bad),
    ):
        with pytest.raises((TypeError, ValueError)):
            make()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda images: images.double(), "images are torch.float64 on cpu, a model torch.float32"),
        (lambda images: 255 * images, "divide pixels by 255"),
        (lambda images: images[:, :64], r"expected \(n_examples, 784\)"),
    ],
)
def test_images_that_a_model_cannot_be_given_are_refused(change, error, autoencoder, stack, images):
    for explorer, model in (
        (CorruptionExplorer, autoencoder),
        (FilterExplorer, autoencoder),
        (StackExplorer, stack),
    ):
        with pytest.raises((TypeError, ValueError), match=error):
            explorer(model, change(images))


def test_two_things_of_one_name_are_refused(autoencoder, stack, images):
    with pytest.raises(ValueError, match="'clean' is the name of something else"):
        CorruptionExplorer({"clean": autoencoder}, images)
    with pytest.raises(ValueError, match="'input' is the name of something else"):
        StackExplorer({"input": stack}, images)
    with pytest.raises(ValueError, match="'1' is the name of something else"):
        FilterExplorer({1: autoencoder, "1": autoencoder}, images)


@pytest.mark.parametrize(
    "labels", [5, torch.zeros(3).long(), torch.rand(40), torch.full((40,), 77)]
)
def test_labels_that_do_not_belong_to_the_images_are_refused(labels, stack, images):
    with pytest.raises((TypeError, ValueError), match="labels"):
        StackExplorer(stack, images, labels=labels)


def test_what_is_no_study_is_refused():
    with pytest.raises(TypeError, match="study is a str; expected a Study"):
        PretrainingExplorer("study")


# --- Corruption ---------------------------------------------------------------------------------


def test_corruption_is_the_librarys_and_both_models_get_the_same(images, autoencoder):
    other = trained(Autoencoder(784, 7, generator=seeded(9)))
    explorer = CorruptionExplorer({"A": autoencoder, "B": other}, images, seed=5)
    explorer.level.value = 0.45
    explorer.first.value = 3
    clean = images[3:13]
    noisy = corrupt(clean, 0.45, generator=seeded(5))
    rows = explorer._rows
    assert torch.equal(rows["clean"], clean)
    assert torch.equal(rows["corrupted"], noisy)
    assert torch.allclose(rows["A"], autoencoder(noisy))
    assert torch.allclose(rows["B"], other(noisy))
    error = (other(noisy) - clean).square().mean().item()
    assert f"B {error:.3f}" in words(explorer._one.value)
    assert f"B {error:.3f}" in explorer.describe()
    assert explorer._sheet.labels[13].startswith("digit 6, corrupted, error ")


@pytest.mark.parametrize("kind", ["masking", "gaussian", "salt_and_pepper"])
def test_every_kind_of_noise_is_shown(kind, images, autoencoder):
    explorer = CorruptionExplorer(autoencoder, images)
    explorer.kind.value = kind
    expected = corrupt(images[:10], 0.3, kind=kind, generator=seeded(0))
    assert torch.equal(explorer._rows["corrupted"], expected)


def test_new_noise_is_other_noise(images, autoencoder):
    explorer = CorruptionExplorer(autoencoder, images)
    before = explorer._rows["corrupted"], explorer._sheet.png
    explorer.again.click()
    assert not torch.equal(before[0], explorer._rows["corrupted"])
    assert before[1] != explorer._sheet.png


def test_the_chosen_digit_is_shown_large(images, autoencoder):
    explorer = CorruptionExplorer(autoencoder, images)
    explorer._sheet.selected = 24  # the fifth digit, in the row of reconstructions
    assert "Digit 4, " in explorer._one.value


# --- Filters ------------------------------------------------------------------------------------


def test_units_stand_in_the_order_asked_for(autoencoder, images):
    explorer = FilterExplorer(autoencoder, images)
    code = autoencoder.encode(images).detach()
    expected = {
        "number": torch.arange(30),
        "norm of the weights": autoencoder.encoder.weight.norm(dim=1).argsort(descending=True),
        "mean activation": code.mean(dim=0).argsort(descending=True),
    }
    for order, units in expected.items():
        explorer.order.value = order
        assert explorer._order["model"] == units.tolist()
        explorer._sheets["model"].selected = 2
        assert explorer.unit == units[2]
        assert f"unit {units[2]}" in explorer._sheets["model"].labels[2]
    explorer.order.value = "how seldom it is on"
    shares = (code > 0.5).float().mean(dim=0)[explorer._order["model"]]
    assert (shares.diff() >= 0).all()


def test_a_smaller_layer_marks_its_last_unit(stack, images):
    explorer = FilterExplorer(stack, images)
    explorer._sheets["model"].selected = 25
    explorer.layer.value = 2  # has 20 units
    assert explorer.unit == explorer._sheets["model"].selected == 19
    assert "20 of 20 units" in words(explorer._titles["model"].value)


def test_a_model_that_was_trained_further_is_seen_as_it_is(autoencoder, images):
    explorer = FilterExplorer(autoencoder, images)
    with torch.no_grad():
        autoencoder.encoder.bias.add_(100)
    explorer.order.value = "mean activation"
    assert "mean activation is 1.00" in explorer.describe()


def test_the_strongest_input_has_the_three_forms(stack, images):
    explorer = FilterExplorer(stack, images)
    explorer._sheets["model"].selected = 4
    first, second, third = (layer.encoder.weight.detach() for layer in stack.layers())
    assert torch.allclose(explorer.strongest_input(), first[4] / first[4].norm())
    explorer.layer.value = 2
    assert torch.allclose(explorer.strongest_input(), combine_filters(first, second)[4])
    explorer.layer.value = 3
    combined = explorer.strongest_input()
    assert torch.allclose(combined, combine_filters(first, second, third)[4])
    explorer.method.value = "activation maximisation"
    climbed = explorer.strongest_input()
    assert climbed.norm().item() == pytest.approx(1, abs=1e-5)
    activation = [stack.encode(9 * x[None])[0, 4].item() for x in (climbed, combined)]
    assert activation[0] >= activation[1] - 1e-6


def test_two_models_share_one_scale_and_a_choice_tells_whose_it_is(autoencoder, images):
    loud = trained(Autoencoder(784, 30, generator=seeded(7)))
    with torch.no_grad():
        loud.encoder.weight.mul_(3)
    explorer = FilterExplorer({"quiet": autoencoder, "loud": loud}, images)
    strong = float(np.quantile(np.abs(loud.encoder.weight.detach().numpy()), 0.998))
    assert explorer._limit == pytest.approx(strong)
    explorer._sheets["loud"].selected = 5
    assert "unit 5, loud" in words(explorer._details.value)
    explorer._sheets["quiet"].selected = 6
    assert "unit 6, quiet" in words(explorer._details.value)
    assert explorer._sheets["loud"].selected == -1, "only one unit is marked"


def test_the_digits_that_excite_a_unit_are_the_extremes(autoencoder, images):
    explorer = FilterExplorer(autoencoder, images)
    explorer._sheets["model"].selected = 3
    code = autoencoder.encode(images)[:, 3].sort(descending=True).values
    told = words(explorer._details.value)
    assert f"excite it most: {code[8]:.2f} to {code[0]:.2f}" in told
    assert f"excite it least: {code[-1]:.2f} to {code[-9]:.2f}" in told


# --- The bench ----------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_training(images):
    costs = []
    for _ in range(2):
        bench = TrainingBench(images, n_hidden=8, n_steps=5)
        costs.append(bench.learner.costs)
    assert costs[0] == costs[1]
    bench.reset.click()
    assert bench.learner.costs == []
    bench.train(5)
    assert bench.learner.costs == costs[0]
    bench.seed.value = 1
    bench.reset.click()
    bench.train(5)
    assert bench.learner.costs != costs[0]


def test_steps_lower_the_cost_and_knobs_count_at_once(images):
    bench = TrainingBench(images, n_hidden=32, n_steps=0)
    bench.level.value = 0
    bench.rate.value = 0.01
    bench.train(60)
    assert bench.learner.costs[-1] < 0.8 * bench.learner.costs[0]
    before = [p.detach().clone() for p in bench.learner.model.parameters()]
    bench.rate.value = 1e-4
    bench.step.click()
    moved = max(
        (p - q).abs().max() for p, q in zip(bench.learner.model.parameters(), before, strict=True)
    )
    assert moved < 5e-4
    assert len(bench.learner.costs) == 61
    assert "Step 61" in bench._state.value


def test_a_sparsity_weight_quiets_the_units(images):
    bench = TrainingBench(images, n_hidden=16, n_steps=0)
    before = bench.learner.model.encode(images).mean().item()
    bench.weight.value, bench.target.value, bench.rate.value = 5, 0.05, 0.01
    bench.train(150)
    assert before > 0.4
    assert bench.learner.model.encode(images).mean().item() < 0.2


def test_run_and_pause_leave_the_loop_free(images):
    async def play() -> None:
        bench = TrainingBench(images, n_hidden=8, n_steps=0)
        loop = asyncio.get_running_loop()
        bench.run.value = True
        beats = 0
        until = loop.time() + 0.6
        while loop.time() < until:  # other cells run meanwhile
            await asyncio.sleep(0.01)
            beats += 1
        assert bench.run.description == "Pause"
        bench.run.value = False
        await asyncio.sleep(0.1)
        n_steps = len(bench.learner.costs)
        await asyncio.sleep(0.3)
        assert len(bench.learner.costs) == n_steps > 0
        assert bench.run.description == "Run"
        assert beats >= 4

    asyncio.run(play())


def test_run_without_a_loop_says_what_to_do(images):
    bench = TrainingBench(images, n_hidden=8, n_steps=0)
    bench.run.value = True
    assert "call train(n_steps) here" in problem(bench)
    assert bench.run.value is False


def test_it_runs_as_long_as_somebody_looks(images):
    async def play() -> list[bool]:
        bench = TrainingBench(images, n_hidden=8, n_steps=0)
        bench._live._handle_custom_msg({"kind": "shown"}, [])
        bench._live._handle_custom_msg({"kind": "shown"}, [])
        bench.run.value = True
        runs = []
        for _ in range(2):
            bench._live._handle_custom_msg({"kind": "removed"}, [])
            runs.append(bench.run.value)
        return runs

    assert asyncio.run(play()) == [True, False]


@pytest.mark.parametrize("ending", ["close", "another bench", "removed"])
def test_no_task_is_left_behind(ending, images):
    async def play() -> int:
        bench = TrainingBench(images, n_hidden=8, n_steps=0)
        bench.run.value = True
        await asyncio.sleep(0.15)
        if ending == "close":
            bench.close()
        elif ending == "another bench":
            TrainingBench(images, n_hidden=8, n_steps=0)
        else:
            bench._live._handle_custom_msg({"kind": "removed"}, [])
        await asyncio.sleep(0.15)
        return len(asyncio.all_tasks())

    assert asyncio.run(play()) == 1, "the test itself"


def test_a_cost_that_explodes_is_told(images):
    bench = TrainingBench(images, n_hidden=8, n_steps=0)
    with torch.no_grad():
        bench.learner.model.encoder.weight.fill_(float("nan"))
    bench.step.click()
    assert "lower the learning rate, then Reset" in problem(bench)
    bench.reset.click()
    assert problem(bench) == ""


def test_a_cost_that_explodes_while_it_runs_is_told_and_training_rests(images):
    async def play() -> TrainingBench:
        bench = TrainingBench(images, n_hidden=8, n_steps=0)
        with torch.no_grad():
            bench.learner.model.encoder.weight.fill_(float("nan"))
        bench.run.value = True
        await asyncio.sleep(0.2)
        assert len(asyncio.all_tasks()) == 1, "the test itself"
        return bench

    bench = asyncio.run(play())
    assert "lower the learning rate, then Reset" in problem(bench)
    assert bench.run.value is False
    assert bench.run.description == "Run"


def test_a_long_curve_leaves_out_its_dear_beginning(images):
    bench = TrainingBench(images, n_hidden=8, n_steps=0)
    bench.train(99)
    assert ">1</text>" in bench._chart.value
    bench.train(1)
    assert ">21</text>" in bench._chart.value


# --- The stack ----------------------------------------------------------------------------------


def test_the_way_up_and_back_is_the_stacks(stack, images):
    explorer = StackExplorer(stack, images, labels=torch.arange(40) % 10)
    explorer.index.value = 7
    x = images[7:8]
    for depth in (1, 2, 3):
        explorer.depth.value = depth
        expected = stack.decode(stack.encode(x, depth=depth), depth=depth)
        assert torch.allclose(explorer._back["stack"], expected)
    (probabilities,) = explorer._classes.values()
    assert torch.allclose(probabilities, stack.classifier(x).softmax(dim=1)[0])
    assert "A 7. Read as " in explorer.describe()


def test_a_unit_set_by_hand_changes_what_is_above_it_only(stack, images):
    explorer = StackExplorer(stack, images)
    before = [code.clone() for code in explorer._codes["stack"]]
    explorer.layer.value = 2
    explorer.unit.value = 5
    explorer.value.value = 1.0
    explorer.switch.value = True
    first, second, third = explorer._codes["stack"]
    assert torch.equal(first, before[0])
    assert second[0, 5] == 1
    second = second.clone()
    second[0, 5] = before[1][0, 5]
    assert torch.equal(second, before[1])
    assert not torch.equal(third, before[2])


def test_the_units_number_stays_within_its_layer(stack, images):
    explorer = StackExplorer(stack, images)
    explorer.unit.value = 29
    explorer.layer.value = 3
    assert explorer.unit.max == explorer.unit.value == 9


def test_a_drawing_is_centred_and_read(stack, images):
    explorer = StackExplorer(stack, images)
    drawing = torch.zeros(28, 28, dtype=torch.uint8)
    drawing[2:8, 3:5] = 255
    explorer.pad.ink = bytes(drawing.flatten().tolist())
    assert explorer.source.value == "my drawing"
    x = explorer.x.reshape(28, 28)
    assert x.sum() == 12
    rows, columns = x.nonzero(as_tuple=True)
    assert rows.float().mean().item() == pytest.approx(13.5, abs=0.5)
    assert columns.float().mean().item() == pytest.approx(13.5, abs=0.5)
    explorer.clear.click()
    assert "Draw a digit" in explorer._chart.value
    explorer.index.value = 5  # who asks for a test digit wants to see it
    assert explorer.source.value == "test digit"
    assert torch.equal(explorer.x, images[5:6])


def test_an_empty_pad_is_paper():
    assert not DrawingPad().image.any()
    assert DrawingPad().image.shape == (1, 784)


@pytest.mark.parametrize("initialisation", ["sda", "ufldl"])
def test_a_softmax_that_was_not_trained_reads_nothing(initialisation, images):
    stack = StackedAutoencoder(784, [30], initialisation=initialisation, generator=seeded(8))
    explorer = StackExplorer(stack, images)
    assert "Read as" not in explorer.describe()
    assert words(explorer._chart.value).endswith("is not trained: there are no classes yet.")


def test_stacks_of_other_sizes_are_refused(stack, images):
    other = StackedAutoencoder(784, [30, 20])
    with pytest.raises(ValueError, match="different sizes"):
        StackExplorer({"a": stack, "b": other}, images)


# --- Pre-training or not ------------------------------------------------------------------------


def test_every_cell_of_the_study_is_told_as_it_is_stored():
    study, explorer = load_study(), PretrainingExplorer()
    for n_labels in study.n_labels:
        for depth in study.depths:
            explorer.n_labels.value, explorer.depth.value = n_labels, depth
            explorer.seed.value = 3
            told = words(explorer._words.value)
            for start in ("random", "pretrained"):
                error = study.select(start, n_labels, depth)[3].test_error
                assert f"{LABELS[start]} {error:.2f} %" in told
            assert problem(explorer) == ""


# --- Pixels -------------------------------------------------------------------------------------


def test_ink_is_black_on_white_with_grey_borders():
    sheet = pixels.ink([[0.0, 1.0]], 1, (1, 2))
    assert sheet.tolist() == [[178] * 4, [178, 255, 0, 178], [178] * 4]


def test_zero_is_white_and_the_signs_are_blue_and_red():
    low, zero, high = pixels.signed([[-2.0, 0.0, 1.0]], 1, 1.0, (1, 3))[1, 1:4].tolist()
    assert zero == pytest.approx([247, 247, 247], abs=2)
    assert low[2] > low[0] + 50  # blue
    assert high[0] > high[2] + 50  # red


# --- How fast they answer -----------------------------------------------------------------------


def test_the_latency_of_every_control_is_measured(images):
    found = measure_explorers(images, n_changes=3)
    names = {name: set(controls) for name, controls in found.items()}
    assert names == {
        "corruption": {"noise", "level", "first digit", "a click on the sheet"},
        "filters": {"layer", "sorted by", "deeper layers by", "a click on the sheet"},
        "stack": {
            *("input", "test digit", "back down from layer", "drawing"),
            *("its layer", "its number", "its activation"),
        },
        "pre-training": {"labels", "hidden layers", "seed", "curve"},
        "training bench": {"Step"},
    }
    assert all(value > 0 for controls in found.values() for value in controls.values())


def test_the_percentile_is_that_of_the_times(monkeypatch):
    clock = iter([0.0, 0.010, 1.0, 1.020, 2.0, 2.030])
    monkeypatch.setattr(latency.time, "perf_counter", lambda: next(clock))
    assert latency._slow(lambda: None, 3) == pytest.approx(29.0)


# --- In the notebooks ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", widgets.__all__)
def test_an_explorer_stands_in_the_sections_that_it_names(name):
    named = re.findall(r"(\d\d), \*(.*?)\*", " ".join(getattr(widgets, name).__doc__.split()))
    found = []
    for path in sorted(FOLDER.glob("*.ipynb")):
        sections = [""]
        for cell in read(path).cells:
            if cell.cell_type == "markdown":
                sections += re.findall(r"^## (.*)$", cell.source, re.MULTILINE)
            elif f"\n{name}(" in cell.source:
                found.append((path.stem[:2], sections[-1]))
    assert named == found != []
