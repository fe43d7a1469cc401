"""The command `reproduce`: what it writes and says, stopped and resumed, and on real MNIST."""

import base64
import json
import math
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from matplotlib import image
from matplotlib.text import Text
from test_report import Page
from tiny_reproduction import (
    command,
    results,
    tiny_digits,
    tiny_recipe,
    use_tiny_recipes,
    without_times,
)

from tutorial_lib import experiment, loop, reproduce
from tutorial_lib.__main__ import main
from tutorial_lib.checkpoints import load_checkpoint, load_model
from tutorial_lib.comparison import Row, summarise
from tutorial_lib.evaluation import evaluate
from tutorial_lib.experiment import Experiment
from tutorial_lib.illustrations import illustrate
from tutorial_lib.reproduce import comparison
from tutorial_lib.stacked import StackedAutoencoder

KEYS = {
    *("recipe", "preset", "seed", "threads", "precision", "torch", "seconds", "history"),
    "test_error_without_pretraining",
}
FIGURES = {
    "ufldl": {"accuracy_before_fine_tuning", "test_accuracy"},
    "sda": {"validation_error", "test_error"},
}


@pytest.fixture(autouse=True)
def _same_threads_afterwards():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def tiny(monkeypatch):
    """Make the command train tiny networks, and draw nothing."""
    use_tiny_recipes(monkeypatch, pictures=False)


@pytest.fixture(scope="module", params=["ufldl", "sda"])
def finished(request, tmp_path_factory):
    """A run in full, pictures included: recipe's name, folder, what was printed."""
    folder = tmp_path_factory.mktemp(request.param)
    lines = []
    with pytest.MonkeyPatch.context() as patch:
        use_tiny_recipes(patch, pictures=True)
        patch.setattr("builtins.print", lambda *words, **_: lines.append(" ".join(words)))
        assert command(folder, "--quiet", recipe=request.param) == 0
    return request.param, folder, "\n".join(lines)


def count_trainings(monkeypatch):
    """The titles of the trainings that take at least a step, as they begin."""
    titles = []
    original = loop.Loop._end_epoch

    def end_epoch(self, bar):
        if not self.history.cost:
            titles.append(self.title)
        original(self, bar)

    monkeypatch.setattr(loop.Loop, "_end_epoch", end_epoch)
    return titles


def fail_at(monkeypatch, title, action, *, times=1):
    """Do something in the middle of the stage of this title, in its second epoch."""
    left = [times]
    original = loop.Loop._end_epoch

    def end_epoch(self, bar):
        if self.title == title and len(self.history.cost) == 1 and left[0]:
            left[0] -= 1
            action()
        original(self, bar)

    monkeypatch.setattr(loop.Loop, "_end_epoch", end_epoch)


# --- What is written


def test_results_hold_every_figure(finished):
    name, folder, _ = finished
    run = results(folder)
    assert run.keys() == KEYS | FIGURES[name]
    assert (run["recipe"], run["preset"], run["seed"]) == (name, "full", 0)
    assert (run["precision"], run["torch"]) == ("float32", torch.__version__)
    assert run["threads"] == torch.get_num_threads()
    assert {"pretraining", "fine_tuning", "total"} <= run["seconds"].keys()
    assert {"pretraining", "fine_tuning", "without_pretraining"} <= run["history"].keys()


def test_the_pictures_are_there_and_are_pictures(finished):
    name, folder, _ = finished
    expected = {
        *("filters_layer1", "filters_layer2", "confusion_matrix", "misread_digits"),
        *("learning_curves_pretraining", "learning_curves_fine_tuning"),
    } | ({"validation_error"} if name == "sda" else set())
    assert {path.stem for path in folder.glob("*.png")} == expected
    for path in folder.glob("*.png"):
        pixels = image.imread(path)
        assert min(pixels.shape[:2]) > 100, path.name
        assert pixels.std() > 0.01, f"{path.name} is blank"


def test_the_report_shows_each_picture_and_the_table(finished):
    name, folder, _ = finished
    page = Page(folder / "report.html")
    inlined = {
        base64.b64decode((picture["src"] or "").removeprefix("data:image/png;base64,"))
        for picture in page.all("img")
    }
    assert inlined == {path.read_bytes() for path in folder.glob("*.png")}
    assert all(picture["alt"] for picture in page.all("img"))
    assert {"12.34 %", "56.78 %", "2 h 00 min"} <= set(page.texts)
    figure = "test_accuracy" if name == "ufldl" else "test_error"
    assert f"{results(folder)[figure]:.2f} %" in page.texts
    assert page.texts[0] == {"ufldl": "UFLDL, full", "sda": "SdA, full"}[name]


def test_the_model_is_the_one_that_was_measured(finished):
    name, folder, _ = finished
    recipe, test = tiny_recipe(name), tiny_digits(name).test
    stack = StackedAutoencoder(
        784, recipe.hidden_sizes, tied=recipe.tied, softmax_bias=recipe.softmax_bias
    )
    load_model(folder / "model.checkpoint", stack)
    run = results(folder)
    obtained = run["test_error"] if name == "sda" else 100 - run["test_accuracy"]
    assert evaluate(stack.classifier, test.images, test.labels) == pytest.approx(obtained)


def test_nothing_else_is_left(finished):
    _, folder, _ = finished
    kinds = {path.name for path in folder.iterdir() if path.suffix != ".png"}
    assert kinds == {"results.json", "report.html", "model.checkpoint"}


def test_the_table_is_printed_with_published_and_obtained(finished):
    name, folder, printed = finished
    rows = {
        cells[0]: cells[1:]
        for line in printed.splitlines()
        if len(cells := re.split(r"\s{2,}", line.strip())) > 1
    }
    run = results(folder)
    if name == "ufldl":
        before, after = run["accuracy_before_fine_tuning"], run["test_accuracy"]
        assert rows["test accuracy before fine-tuning"] == ["12.34 %", f"{before:.2f} %"]
        assert rows["test accuracy after fine-tuning"] == ["56.78 %", f"{after:.2f} %"]
    else:
        assert rows["validation error"] == ["12.34 %", f"{run['validation_error']:.2f} %"]
        assert rows["test error"] == ["56.78 %", f"{run['test_error']:.2f} %"]
    control = run["test_error_without_pretraining"]
    assert rows["test error without pre-training"] == ["-", f"{control:.2f} %"]
    published, _, ratio = rows["time in all"]
    assert published == "2 h 00 min"
    assert ratio.endswith(" times faster")
    assert rows["published"] == ["obtained", "ratio of times"]
    assert f"Report: {folder / 'report.html'}" in printed


# --- Pictures


def new_experiment(folder, recipe):
    return Experiment(
        recipe,
        tiny_digits("sda"),
        seed=0,
        precision="float32",
        checkpoints=folder,
        progress=False,
    )


@pytest.mark.parametrize("n_layers", [1, 3])
def test_there_is_a_sheet_for_each_layer(tmp_path, n_layers):
    recipe = tiny_recipe("sda")
    recipe = replace(
        recipe, hidden_sizes=(5, 4, 3)[:n_layers], pretraining=recipe.pretraining[:1] * n_layers
    )
    trained = new_experiment(tmp_path, recipe)
    pictures = illustrate(trained, trained.run(control=False)["history"])
    sheets = [name for name in pictures if name.startswith("filters")]
    assert sheets == [f"filters_layer{k}" for k in range(1, n_layers + 1)]
    curves = pictures["learning_curves_pretraining"].image.axes[0].get_lines()
    assert len([line for line in curves if len(line.get_xdata()) == 2]) == n_layers


def test_the_curves_show_the_control_if_there_is_one(tmp_path):
    trained = new_experiment(tmp_path, tiny_recipe("sda"))
    history = trained.run()["history"]

    def words(history):
        axes = illustrate(trained, history)["learning_curves_fine_tuning"].image.axes[0]
        return " ".join(text.get_text() for text in axes.findobj(Text))

    assert "not pre-trained" in words(history)
    del history["without_pretraining"]
    assert "not pre-trained" not in words(history)


def test_a_network_without_a_mistake_is_drawn_too(tmp_path):
    trained = new_experiment(tmp_path, tiny_recipe("sda"))
    history = trained.run(control=False)["history"]
    trained.test.labels.copy_(trained.stack.classifier.predict(trained.test.images))
    pictures = illustrate(trained, history)
    assert "misread_digits" not in pictures
    assert pictures["confusion_matrix"].caption == "0 of 60 test digits are misread."


# --- Several seeds


def test_seeds_give_runs_and_their_spread(tmp_path, tiny, capsys):
    assert command(tmp_path, "--seeds", "3", "--quiet") == 0
    content, printed = results(tmp_path), capsys.readouterr().out
    assert content.keys() == {
        *("recipe", "preset", "threads", "precision", "torch", "runs", "summary")
    }
    assert [run["seed"] for run in content["runs"]] == [0, 1, 2]
    for run in content["runs"]:
        assert run.keys() == KEYS | FIGURES["sda"]
    for name in ("validation_error", "test_error", "test_error_without_pretraining"):
        values = [run[name] for run in content["runs"]]
        assert len(set(values)) > 1, "without a spread this test would prove nothing"
        assert content["summary"][name] == summarise(values)
        mean = sum(values) / 3
        deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / 2)
        margin = 4.303 * deviation / math.sqrt(3)
        assert content["summary"][name]["mean"] == pytest.approx(mean)
        assert content["summary"][name]["standard_deviation"] == pytest.approx(deviation)
        interval = content["summary"][name]["interval_95"]
        assert interval == pytest.approx([mean - margin, mean + margin])
        assert f"{mean:.2f} % ± {margin:.2f} %" in printed
    assert "seconds.total" in content["summary"]


def test_a_seed_is_the_same_alone_and_among_others(tmp_path, tiny):
    assert command(tmp_path / "all", "--seeds", "2", "--quiet") == 0
    assert command(tmp_path / "one", "--seed", "1", "--quiet") == 0
    among, alone = results(tmp_path / "all")["runs"][1], results(tmp_path / "one")
    assert without_times(among) == without_times(alone)


def test_several_seeds_keep_the_model_of_the_first(tmp_path, tiny):
    assert command(tmp_path / "all", "--seeds", "2", "--quiet") == 0
    assert command(tmp_path / "one", "--seed", "0", "--quiet") == 0
    all_seeds, first = (
        load_checkpoint(tmp_path / folder / "model.checkpoint") for folder in ("all", "one")
    )
    for name, tensor in first.items():
        assert torch.equal(all_seeds[name], tensor)


def test_one_seed_says_nothing_about_spread(tmp_path, tiny, capsys):
    assert command(tmp_path, "--seeds", "1", "--quiet") == 0
    content = results(tmp_path)
    assert len(content["runs"]) == 1
    figure = content["summary"]["test_error"]
    assert figure["mean"] == content["runs"][0]["test_error"]
    assert figure["standard_deviation"] is figure["interval_95"] is None
    assert "±" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("values", "mean", "deviation", "low", "high"),
    [
        # mean ± t * s / sqrt(K), by hand, with t = 12.706, 4.303, 2.776, 2.228
        ([1.0, 3.0], 2.0, 1.414214, -10.706, 14.706),
        ([1.0, 2.0, 3.0], 2.0, 1.0, -0.484338, 4.484338),
        ([1.0, 2.0, 3.0, 4.0, 5.0], 3.0, 1.581139, 1.037071, 4.962929),
        (list(range(11)), 5.0, 3.316625, 2.772, 7.228),
        ([1.2] * 4, 1.2, 0.0, 1.2, 1.2),
    ],
)
def test_summary_by_hand(values, mean, deviation, low, high):
    summary = summarise(values)
    assert summary["mean"] == pytest.approx(mean, abs=1e-6)
    assert summary["standard_deviation"] == pytest.approx(deviation, abs=1e-6)
    assert summary["interval_95"] == pytest.approx([low, high], abs=1e-5)


def student_coverage(t: float, degrees: int, n: int = 4000) -> float:
    """The probability that Student's t lies within ±t, by Simpson's rule on its density."""
    constant = math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)
    scale = math.exp(constant) / math.sqrt(degrees * math.pi)
    step = t / n
    density = [(1 + (k * step) ** 2 / degrees) ** (-(degrees + 1) / 2) for k in range(n + 1)]
    simpson = density[0] + density[-1] + 4 * sum(density[1:-1:2]) + 2 * sum(density[2:-1:2])
    return 2 * scale * simpson * step / 3


@pytest.mark.parametrize("n_runs", [*range(2, 25), 31, 60, 120, 121, 122, 1000])
def test_the_interval_covers_95_percent(n_runs):
    summary = summarise([float(k % 2) for k in range(n_runs)])
    half = (summary["interval_95"][1] - summary["interval_95"][0]) / 2
    t = half * math.sqrt(n_runs) / summary["standard_deviation"]
    coverage = student_coverage(t, n_runs - 1)
    if n_runs <= 11:
        assert coverage == pytest.approx(0.95, abs=1e-4)
    else:  # coarser, but never too sure
        assert 0.95 - 1e-4 < coverage < 0.965


def test_rows_of_one_run_and_of_several():
    recipe = tiny_recipe("sda")
    run = {"validation_error": 1.5, "test_error": 2.0, "seconds": {"total": 3600.0}}
    one = comparison(recipe, run)
    assert one == [
        Row("validation error", 12.34, 1.5, "%", None),
        Row("test error", 56.78, 2.0, "%", None),
        Row("time in all", 7200, 3600.0, "s", None),
    ]
    spread = {"mean": 2.5, "standard_deviation": 1.0, "interval_95": [2.0, 3.0]}
    assert comparison(recipe, {"runs": [run], "summary": {"test_error": spread}}) == [
        Row("test error", 56.78, 2.5, "%", 0.5)
    ]


# --- Options


def test_the_control_can_be_left_out(tmp_path, tiny, monkeypatch):
    titles = count_trainings(monkeypatch)
    assert command(tmp_path, "--no-control", "--quiet") == 0
    assert results(tmp_path).keys() == (KEYS | FIGURES["sda"]) - {"test_error_without_pretraining"}
    assert titles == ["Layer 1 of 2", "Layer 2 of 2", "Fine-tuning"]
    page = Page(tmp_path / "report.html")
    assert not any("without pre-training" in text for text in page.texts)


def test_same_seed_same_figures_other_seed_other_figures(tmp_path, tiny):
    for folder, seed in [("a", "5"), ("b", "5"), ("c", "6")]:
        assert command(tmp_path / folder, "--seed", seed, "--quiet") == 0
    a, b, c = (without_times(results(tmp_path / folder)) for folder in "abc")
    assert a == b
    assert a["history"] != c["history"]
    assert c["seed"] == 6


def test_a_finished_folder_can_be_used_again(tmp_path, tiny):
    assert command(tmp_path, "--seed", "1", "--quiet") == 0
    assert command(tmp_path, "--seed", "2", "--quiet") == 0
    assert results(tmp_path)["seed"] == 2


def test_bfloat16(tmp_path, tiny):
    assert command(tmp_path / "16", "--precision", "bfloat16", "--quiet") == 0
    assert command(tmp_path / "32", "--quiet") == 0
    half, full = results(tmp_path / "16"), results(tmp_path / "32")
    assert (half["precision"], full["precision"]) == ("bfloat16", "float32")
    costs = [run["history"]["pretraining"][0]["cost"] for run in (half, full)]
    assert costs[0] != costs[1]
    assert costs[0] == pytest.approx(costs[1], rel=0.05)


@pytest.mark.parametrize(
    ("preset", "options", "expected"),
    [
        ("full", ["--threads", "3"], 3),
        ("full", [], 2),
        ("as-published", [], 1),  # one example a step
        ("as-published", ["--threads", "2"], 2),
    ],
)
def test_threads(tmp_path, tiny, preset, options, expected):
    torch.set_num_threads(2)
    assert command(tmp_path, "--preset", preset, "--no-control", "--quiet", *options) == 0
    assert results(tmp_path)["threads"] == expected
    assert results(tmp_path)["preset"] == preset


def test_quiet_means_a_silent_stderr(tmp_path, tiny, capsys):
    assert command(tmp_path / "loud", "--no-control") == 0
    loud = capsys.readouterr()
    assert command(tmp_path / "quiet", "--no-control", "--quiet") == 0
    quiet = capsys.readouterr()
    assert quiet.err == ""
    assert "Layer 1 of 2" in loud.err
    assert "Seed 0" in loud.err
    assert "published" in quiet.out
    assert "published" in loud.out


def test_quiet_reaches_the_pictures_and_the_download(tmp_path, monkeypatch, capsys):
    use_tiny_recipes(monkeypatch, pictures=True)
    asked = []

    def load(*, split, progress):
        asked.append((split, progress))
        return tiny_digits(split)

    monkeypatch.setattr(reproduce, "load_mnist", load)
    assert command(tmp_path, "--no-control", "--quiet", recipe="ufldl") == 0
    assert capsys.readouterr().err == ""
    assert asked == [("ufldl", False)]


def test_the_default_folder_is_named_after_the_recipe(tmp_path, tiny, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["reproduce", "sda", "--no-control", "--quiet"]) == 0
    assert (tmp_path / "results" / "sda-full" / "results.json").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "recipe"),
        (["dbn"], "'dbn'"),
        (["sda", "--preset", "slow"], "'slow'"),
        (["sda", "--precision", "float16"], "'float16'"),
        (["sda", "--seeds", "0"], "'0'; expected a whole number from 1"),
        (["sda", "--seeds", "two"], "'two'; expected a whole number from 1"),
        (["sda", "--seed", "-1"], "'-1'; expected a whole number from 0"),
        (["sda", "--seed", "1.5"], "'1.5'; expected a whole number"),
        (["sda", "--seed", str(10**30)], "expected a whole number"),
        (["sda", "--seed", "1", "--seeds", "2"], "not allowed with"),
        (["sda", "--threads", "0"], "'0'; expected a whole number from 1"),
        (["sda", "--frobnicate"], "--frobnicate"),
    ],
)
def test_wrong_options_are_refused_in_a_sentence(tmp_path, monkeypatch, capsys, words, told):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(["reproduce", *words])
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert told in error.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_the_largest_seed_is_one(tmp_path, tiny):
    assert command(tmp_path, "--seed", str(2**32), "--no-control", "--quiet") == 0
    assert results(tmp_path)["seed"] == 2**32


# --- Stopped and resumed


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("sda", "Layer 1 of 2"),
        ("sda", "Fine-tuning"),
        ("sda", "Without pre-training"),
        ("ufldl", "Layer 2 of 2"),
        ("ufldl", "Softmax"),
    ],
)
def test_a_run_that_failed_in_the_middle_goes_on(tmp_path, tiny, monkeypatch, name, stage):
    assert command(tmp_path / "peace", "--quiet", recipe=name) == 0

    def fail():
        raise OSError("the machine failed")

    fail_at(monkeypatch, stage, fail)
    with pytest.raises(OSError, match="the machine failed"):
        command(tmp_path / "failed", "--quiet", recipe=name)
    assert not (tmp_path / "failed" / "results.json").exists()
    assert command(tmp_path / "failed", "--quiet", "--resume", recipe=name) == 0
    expected = without_times(results(tmp_path / "peace"))
    assert without_times(results(tmp_path / "failed")) == expected


@pytest.mark.parametrize("stage", ["Layer 2 of 2", "Fine-tuning", "Without pre-training"])
def test_interrupting_it_saves_tells_how_to_go_on_and_goes_on(
    tmp_path, tiny, monkeypatch, capsys, stage
):
    assert command(tmp_path / "peace", "--quiet") == 0
    handler = signal.getsignal(signal.SIGINT)
    fail_at(monkeypatch, stage, lambda: signal.raise_signal(signal.SIGINT))
    assert command(tmp_path / "stopped", "--quiet") == 130
    told = capsys.readouterr().err
    assert stage in told
    assert "--resume" in told
    assert "Traceback" not in told
    assert signal.getsignal(signal.SIGINT) is handler
    assert not (tmp_path / "stopped" / "results.json").exists()
    titles = count_trainings(monkeypatch)
    assert command(tmp_path / "stopped", "--quiet", "--resume") == 0
    assert stage not in titles, "it goes on where it stopped, not at the stage's beginning"
    expected = without_times(results(tmp_path / "peace"))
    assert without_times(results(tmp_path / "stopped")) == expected


def test_interrupting_it_between_two_trainings_tells_how_to_go_on(
    tmp_path, tiny, monkeypatch, capsys
):
    original = experiment.evaluate

    def interrupted(*_):
        monkeypatch.setattr(experiment, "evaluate", original)
        raise KeyboardInterrupt

    monkeypatch.setattr(experiment, "evaluate", interrupted)
    assert command(tmp_path, "--quiet") == 130
    told = " ".join(capsys.readouterr().err.split())
    assert told == "Interrupted. Add --resume to the same command to go on."
    assert command(tmp_path, "--quiet", "--resume") == 0


def test_finished_seeds_and_stages_are_not_trained_again(tmp_path, tiny, monkeypatch):
    assert command(tmp_path / "peace", "--seeds", "3", "--quiet") == 0

    def fail():
        raise OSError("the machine failed")

    n_seeds = 0
    original = Experiment.run

    def run(self, **options):
        nonlocal n_seeds
        n_seeds += 1
        if n_seeds == 2:
            fail_at(monkeypatch, "Fine-tuning", fail)
        return original(self, **options)

    monkeypatch.setattr(Experiment, "run", run)
    with pytest.raises(OSError, match="the machine failed"):
        command(tmp_path / "failed", "--seeds", "3", "--quiet")
    titles = count_trainings(monkeypatch)
    assert command(tmp_path / "failed", "--seeds", "3", "--quiet", "--resume") == 0
    second = ["Fine-tuning", "Without pre-training"]
    third = ["Layer 1 of 2", "Layer 2 of 2", "Fine-tuning", "Without pre-training"]
    assert titles == second + third
    expected = without_times(results(tmp_path / "peace"))
    assert without_times(results(tmp_path / "failed")) == expected


def leave_unfinished(folder, monkeypatch, *words):
    """Interrupt a run of two seeds when the first is done and the second half done."""
    n_left = 1

    def interrupt():
        nonlocal n_left
        if n_left == 0:
            signal.raise_signal(signal.SIGINT)
        n_left -= 1

    with monkeypatch.context() as patch:
        fail_at(patch, "Fine-tuning", interrupt, times=2)
        assert command(folder, "--seeds", "2", "--quiet", *words) == 130


def test_an_unfinished_folder_is_not_overwritten(tmp_path, tiny, monkeypatch, capsys):
    leave_unfinished(tmp_path, monkeypatch)
    capsys.readouterr()
    before = sorted(tmp_path.rglob("*"))
    assert command(tmp_path, "--seeds", "2", "--quiet") == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "unfinished" in told.err
    assert "--resume" in told.err
    assert str(tmp_path) in told.err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--seeds", "2", "--preset", "quick"], "preset: full there, quick here"),
        (["--seeds", "2", "--precision", "bfloat16"], "precision: float32 there, bfloat16 here"),
        (["--seeds", "2", "--no-control"], "control: True there, False here"),
        (["--seeds", "2", "--threads", "5"], "threads: "),
        (["--seed", "1"], "seeds: [0, 1] there, [1] here"),
        (["--seeds", "3"], "seeds: [0, 1] there, [0, 1, 2] here"),
    ],
)
def test_resuming_never_mixes_two_runs(tmp_path, tiny, monkeypatch, capsys, words, told):
    leave_unfinished(tmp_path, monkeypatch)
    capsys.readouterr()
    threads = torch.get_num_threads()
    assert command(tmp_path, "--quiet", "--resume", *words) == 1
    torch.set_num_threads(threads)
    error = capsys.readouterr().err
    assert told in error
    assert error.count("there") == 1, "only what differs is named"
    assert "--out" in error
    assert not (tmp_path / "results.json").exists()
    assert command(tmp_path, "--quiet", "--resume", "--seeds", "2") == 0, "nothing was spoilt"


def test_resuming_never_mixes_two_recipes(tmp_path, tiny, monkeypatch, capsys):
    leave_unfinished(tmp_path, monkeypatch)
    assert command(tmp_path, "--quiet", "--resume", "--seeds", "2", recipe="ufldl") == 1
    assert "recipe: sda there, ufldl here" in capsys.readouterr().err


def test_resuming_where_nothing_was_begun_begins(tmp_path, tiny):
    assert command(tmp_path, "--quiet", "--resume") == 0
    assert results(tmp_path)["seed"] == 0


@pytest.mark.parametrize(
    "file", ["command", "seed0/results", "seed0/model", "seed1/layer-1-of-2-*"]
)
def test_damage_to_an_unfinished_run_is_told(tmp_path, tiny, monkeypatch, capsys, file):
    leave_unfinished(tmp_path, monkeypatch)
    (path,) = (tmp_path / "checkpoints").glob(f"{file}.checkpoint")
    content = bytearray(path.read_bytes())
    content[-len(content) // 3] ^= 1
    path.write_bytes(content)
    capsys.readouterr()
    assert command(tmp_path, "--quiet", "--seeds", "2", "--resume") == 1
    told = capsys.readouterr().err
    assert f"{path} is no checkpoint or is damaged" in told
    assert not (tmp_path / "results.json").exists()


def test_a_cost_that_explodes_is_told(tmp_path, tiny, monkeypatch, capsys):
    recipe = tiny_recipe("sda")
    wild = replace(recipe, pretraining=(replace(recipe.pretraining[0], learning_rate=1e38),) * 2)
    monkeypatch.setattr(reproduce, "get_recipe", lambda name, preset: wild)
    assert command(tmp_path, "--quiet") == 1
    assert "Layer 1 of 2: the cost became" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_trained(
    tmp_path, tiny, monkeypatch, capsys
):
    (tmp_path / "file").write_text("not a folder")
    titles = count_trainings(monkeypatch)
    assert command(tmp_path / "file", "--quiet") == 1
    told = capsys.readouterr().err
    assert str(tmp_path / "file") in told
    assert "choose another folder" in told
    assert titles == []


def test_a_finished_run_is_never_taken_for_an_unfinished_one(tmp_path, tiny, monkeypatch):
    """The checkpoints vanish at once, so a kill while they are deleted leaves no half of them."""

    def killed(path, **_):
        if path.exists():
            raise SystemExit("killed")

    with monkeypatch.context() as patch:
        patch.setattr(reproduce.shutil, "rmtree", killed)
        with pytest.raises(SystemExit, match="killed"):
            command(tmp_path, "--quiet")
    assert results(tmp_path)["seed"] == 0
    assert not (tmp_path / "checkpoints").exists()
    assert command(tmp_path, "--seed", "1", "--quiet") == 0
    assert not (tmp_path / ".finished").exists(), "what was left is cleared away by the next run"


def test_killed_at_any_moment_and_resumed_it_gives_the_same(tmp_path):
    """SIGKILL before and after each file that the command writes or removes."""
    script = Path(__file__).with_name("killed_reproduction.py")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)],
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(script.parents[1])},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) >= 50, "fewer moments would prove little"


# --- Real MNIST


@pytest.mark.parametrize("name", ["ufldl", "sda"])
def test_quick_reads_at_least_95_percent_of_the_test_digits(tmp_path, name):
    words = ("--preset", "quick", "--no-control", "--quiet")
    assert command(tmp_path, *words, recipe=name) == 0
    run = results(tmp_path)
    accuracy = run["test_accuracy"] if name == "ufldl" else 100 - run["test_error"]
    assert 95 <= accuracy < 99.5, "above that, something is measured wrongly"
