"""The study of pre-training: what it trains, its files, stopped and resumed, and the stored one."""

import json
import math
import shutil
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tiny_reproduction import tiny_digits

from tutorial_lib import __main__ as command_line
from tutorial_lib import study as command
from tutorial_lib.evaluation import evaluate
from tutorial_lib.schedules import Cosine
from tutorial_lib.settings import FineTuning, Pretraining
from tutorial_lib.stacked import Classifier, StackedAutoencoder
from tutorial_lib.study_files import FILE_NAME, STORED, load_study, save_study
from tutorial_lib.study_plots import plot_study
from tutorial_lib.study_results import (
    STARTS,
    Run,
    Study,
    format_study,
    pack_filters,
    sheet_name,
)
from tutorial_lib.study_settings import Cell, study_settings
from tutorial_lib.study_training import N_FILTERS, Seed
from tutorial_lib.training import fine_tune, pretrain_greedily

DIGITS = tiny_digits("sda")
QUICK = study_settings("quick")
FULL = study_settings("full")
N_CELLS = 8  # two numbers of labels, two depths, two starts


@pytest.fixture(autouse=True)
def _tiny_digits(monkeypatch):
    monkeypatch.setattr(command, "load_mnist", lambda *, progress: DIGITS)


def study(folder, *words):
    """Run the command as from a shell, and return its exit status."""
    return command_line.main(
        ["study", "--preset", "quick", "--out", str(folder), "--quiet", *words]
    )


def without_times(result):
    """Everything in the file that two studies of the same have in common."""
    pretraining = [{**one, "seconds": 0} for one in result.about["pretraining"]]
    about = {**result.about, "seconds": 0, "pretraining": pretraining}
    sheets = {name: (levels.tolist(), scale) for name, (levels, scale) in result.sheets.items()}
    return [replace(run, seconds=0) for run in result.runs], about, sheets


def content(folder):
    return without_times(load_study(folder / FILE_NAME))


def journal_runs(folder):
    lines = (folder / "journal.jsonl").read_text().splitlines()
    return sum("run" in json.loads(line) for line in lines)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A study of two seeds: its folder, and what was printed."""
    folder = tmp_path_factory.mktemp("study")
    printed = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "load_mnist", lambda *, progress: DIGITS)
        patch.setattr("builtins.print", lambda *words, **_: printed.append(" ".join(words)))
        assert study(folder, "--seeds", "2") == 0
    return folder, "\n".join(printed)


@pytest.fixture
def copy(finished, tmp_path):
    """The finished study, to be spoilt."""
    return shutil.copytree(finished[0], tmp_path / "copy")


@pytest.fixture
def trained(monkeypatch):
    """The runs that are trained from now on."""
    cells = []
    original = Seed.run

    def run(self, cell):
        cells.append((self.number, *cell))
        return original(self, cell)

    monkeypatch.setattr(Seed, "run", run)
    return cells


class TestTraining:
    @pytest.mark.parametrize("start", STARTS)
    @pytest.mark.parametrize("depth", [1, 2])
    def test_a_run_is_what_one_would_do_by_hand(self, finished, start, depth):
        stack = StackedAutoencoder(784, [32, 32], generator=torch.Generator().manual_seed(1000))
        if start == "pretrained":
            layer = Pretraining(n_epochs=1, optimiser="adam", learning_rate=3e-3, batch_size=100)
            pretrain_greedily(
                stack,
                DIGITS.train.images,
                settings=layer,
                generator=torch.Generator().manual_seed(1001),
                progress=False,
            )
        encoders = [layer.encoder for layer in stack.layers(depth)]
        classifier = Classifier(encoders, stack.softmax)
        labelled = DIGITS.train.balanced(10, seed=1)
        history = fine_tune(
            classifier,
            labelled.images,
            labelled.labels,
            settings=FineTuning(
                n_epochs=5, optimiser="adam", learning_rate=Cosine(3e-3), batch_size=20
            ),
            validation=(DIGITS.validation.images, DIGITS.validation.labels),
            generator=torch.Generator().manual_seed(1002),
            progress=False,
        )
        run = load_study(finished[0] / FILE_NAME).select(start, 100, depth)[1]
        assert (run.seed, run.learning_rate) == (1, 3e-3)
        assert run.validation_error == pytest.approx(history.validation_error, abs=1e-4)
        assert run.training_cost == pytest.approx(history.cost, rel=1e-3)
        assert run.best_epoch == history.best_epoch
        error = evaluate(classifier, DIGITS.test.images, DIGITS.test.labels)
        assert run.test_error == pytest.approx(error, abs=1e-4)

    def test_the_stacks_stay_as_they_are_for_the_next_run(self, tmp_path):
        seed = Seed(0, QUICK, DIGITS, tmp_path)
        seed.pretrain()
        before = {
            start: {name: value.clone() for name, value in stack.state_dict().items()}
            for start, stack in seed.stacks.items()
        }
        first, sheet = seed.run(Cell(20, 2, "pretrained"))
        seed.run(Cell(20, 1, "random"))
        for start, stack in seed.stacks.items():
            for name, value in stack.state_dict().items():
                assert torch.equal(value, before[start][name])
        again, same = seed.run(Cell(20, 2, "pretrained"))
        assert replace(again, seconds=0) == replace(first, seconds=0)
        np.testing.assert_array_equal(sheet[0], same[0])

    def test_both_starts_see_the_same_labels_and_settings(self):
        for settings in (QUICK, FULL):
            for n_labels, depth, _ in settings.cells():
                one, other = (settings.fine_tuning(Cell(n_labels, depth, s)) for s in STARTS)
                assert one == other

    def test_labels_are_balanced_drawn_by_the_seed_or_all_there_are(self, tmp_path):
        first, second = (Seed(number, QUICK, DIGITS, tmp_path) for number in (0, 1))
        assert torch.bincount(first.labelled(20).labels).tolist() == [2] * 10
        assert torch.equal(first.labelled(20).images, first.labelled(20).images)
        assert not torch.equal(first.labelled(20).images, second.labelled(20).images)
        assert first.labelled(len(DIGITS.train)) is DIGITS.train

    def test_pretraining_sees_no_labels_and_finds_its_checkpoints(self, tmp_path):
        images = Seed(0, QUICK, DIGITS, tmp_path / "a")
        images.pretrain()
        unlabelled = replace(
            DIGITS, train=replace(DIGITS.train, labels=torch.zeros_like(DIGITS.train.labels))
        )
        blind = Seed(0, QUICK, unlabelled, tmp_path / "b")
        blind.pretrain()
        found = Seed(0, QUICK, DIGITS, tmp_path / "a")
        histories = found.pretrain()
        assert [len(history.cost) for history in histories] == [1, 1]
        for other in (blind, found):
            for one, same in zip(
                images.stacks["pretrained"].parameters(),
                other.stacks["pretrained"].parameters(),
                strict=True,
            ):
                assert torch.equal(one, same)


class TestSettings:
    def test_the_full_study_is_the_one_that_was_asked_for(self):
        cells = FULL.cells()
        assert len(cells) == len(set(cells)) == 4 * 4 * 2
        assert {cell.n_labels for cell in cells} == {100, 1_000, 10_000, 50_000}
        assert {cell.depth for cell in cells} == {1, 2, 3, 5}
        assert [layer.corruption_level for layer in FULL.pretraining] == [0.1, 0.2, 0.3, 0.3, 0.3]

    @pytest.mark.parametrize("settings", [QUICK, FULL])
    def test_every_cell_has_its_settings(self, settings):
        assert len(settings.pretraining) == max(settings.depths)
        for cell in settings.cells():
            assert settings.fine_tuning(cell).n_epochs == settings.n_epochs[cell.n_labels]
            assert settings.work(cell) > 0

    def test_more_of_anything_is_more_work(self):
        work = [FULL.work(Cell(n, 5, "random")) for n in (100, 1_000, 10_000, 50_000)]
        assert work == sorted(set(work))
        work = [FULL.work(Cell(100, depth, "random")) for depth in FULL.depths]
        assert work == sorted(set(work))


class TestCommand:
    def test_the_file_tells_everything(self, finished):
        folder, _ = finished
        told = json.loads((folder / FILE_NAME).read_text())
        runs = told.pop("runs")
        assert len(runs) == 2 * N_CELLS
        assert [run["seed"] for run in runs] == sorted(run["seed"] for run in runs)
        assert {tuple(run) for run in runs} == {tuple(Run.__dataclass_fields__)}
        assert told["command"] == "python -m tutorial_lib study --preset quick --seeds 2"
        assert told["versions"]["torch"] == torch.__version__
        assert told["cores"] >= 1
        assert told["threads"] == torch.get_num_threads()
        assert told["seconds"] >= 0
        assert told["settings"] == QUICK.as_json()
        assert [one["seed"] for one in told["pretraining"]] == [0, 1]
        assert "/" not in json.dumps({**told, "runs": runs}), "a path of this machine"

    def test_the_table_gives_the_means(self, finished):
        folder, printed = finished
        result = load_study(folder / FILE_NAME)
        mean = sum(result.test_errors("pretrained", 100, 2)) / 2
        [line] = [line for line in printed.splitlines() if line.split()[:2] == ["100", "2"]]
        assert f" {mean:.2f} ± " in line
        assert str(folder / FILE_NAME) in printed

    def test_filters_before_and_after(self, finished, tmp_path):
        result = load_study(finished[0] / FILE_NAME)
        seed = Seed(0, QUICK, DIGITS, tmp_path)
        seed.pretrain()
        for start in STARTS:
            weight = seed.stacks[start].layers()[0].encoder.weight[:N_FILTERS].detach()
            before = result.filters(start)
            np.testing.assert_allclose(before, weight, atol=float(weight.abs().max()) / 250)
            for n_labels, depth, _ in QUICK.cells():
                after = result.filters(start, n_labels, depth)
                assert after.shape == before.shape == (N_FILTERS, 784)
                assert not np.array_equal(after, before)

    def test_the_bar_ends_at_a_hundred_percent(self, tmp_path, capsys):
        words = ["study", "--preset", "quick", "--out", str(tmp_path)]
        assert command_line.main(words) == 0
        bar = capsys.readouterr().err
        assert "100%" in bar
        assert f"{N_CELLS - 1} of {N_CELLS} runs; seed 0, 100 labels, depth 2, pretrained" in bar

    def test_threads(self, finished, copy):
        before = torch.get_num_threads()
        try:
            assert study(copy, "--seeds", "2", "--threads", "1") == 0
            assert torch.get_num_threads() == 1
        finally:
            torch.set_num_threads(before)


class TestStoppedAndResumed:
    @pytest.mark.parametrize("n_done", [0, 1, N_CELLS - 1, N_CELLS, 2 * N_CELLS - 1])
    def test_an_interrupt_loses_the_run_at_hand(
        self, finished, tmp_path, monkeypatch, capsys, n_done
    ):
        original = Seed.run
        cells = []

        def interrupted(self, cell):
            if len(cells) == n_done:
                raise KeyboardInterrupt
            cells.append((self.number, *cell))
            return original(self, cell)

        with monkeypatch.context() as patch:
            patch.setattr(Seed, "run", interrupted)
            assert study(tmp_path, "--seeds", "2") == 130
        assert "The same command goes on" in capsys.readouterr().err
        assert journal_runs(tmp_path) == n_done
        assert (tmp_path / FILE_NAME).exists() == (n_done >= N_CELLS)
        again = []
        monkeypatch.setattr(
            Seed, "run", lambda self, c: (again.append((self.number, *c)), original(self, c))[1]
        )
        assert study(tmp_path, "--seeds", "2") == 0
        assert len(again) == 2 * N_CELLS - n_done
        assert not {*again} & {*cells}
        assert content(tmp_path) == content(finished[0])

    @pytest.mark.parametrize("n_bytes", [1, 40, 200])
    def test_a_line_cut_short_by_a_kill_is_done_again(self, finished, copy, trained, n_bytes):
        path = copy / "journal.jsonl"
        path.write_bytes(path.read_bytes()[:-n_bytes])
        (copy / FILE_NAME).unlink()
        assert study(copy, "--seeds", "2") == 0
        assert trained == [(1, 100, 2, "pretrained")]
        assert content(copy) == content(finished[0])
        assert journal_runs(copy) == 2 * N_CELLS

    def test_killed_while_the_first_line_was_written(self, tmp_path):
        (tmp_path / "journal.jsonl").write_text('{"settings": {"n_hid')
        assert study(tmp_path) == 0
        assert journal_runs(tmp_path) == N_CELLS

    def test_a_finished_study_runs_nothing_and_stays_as_it_is(self, finished, copy, trained):
        before = {path.name: path.read_bytes() for path in copy.iterdir() if path.is_file()}
        assert study(copy, "--seeds", "2") == 0
        assert trained == []
        for name, bytes_ in before.items():
            assert (copy / name).read_bytes() == bytes_

    def test_other_numbers_of_seeds_use_what_is_there(self, finished, copy, trained):
        assert study(copy, "--seeds", "1") == 0
        assert trained == []
        assert load_study(copy / FILE_NAME).seeds == [0]
        assert study(copy, "--seeds", "3") == 0
        assert {number for number, *_ in trained} == {2}
        assert load_study(copy / FILE_NAME).seeds == [0, 1, 2]

    @pytest.mark.parametrize("suffix", [".json", ".npz"])
    def test_a_result_that_was_lost_is_written_again(self, finished, copy, trained, suffix):
        (copy / FILE_NAME).with_suffix(suffix).unlink()
        assert study(copy, "--seeds", "2") == 0
        assert trained == []
        assert content(copy) == content(finished[0])

    def test_a_folder_of_other_settings_is_refused(self, copy, monkeypatch, capsys):
        other = replace(QUICK, n_hidden=33)
        monkeypatch.setattr(command, "study_settings", lambda preset: other)
        assert study(copy) == 1
        assert "other settings. Choose another folder with --out" in capsys.readouterr().err

    def test_a_folder_that_cannot_be_made_is_told(self, tmp_path, capsys):
        (tmp_path / "file").write_text("in the way of a folder")
        assert study(tmp_path / "file" / "folder") == 1
        told = capsys.readouterr().err
        assert "cannot be written (Not a directory); make room, or give --out another" in told

    @pytest.mark.parametrize("line", ['{"run": {}}', "{}", "[]", "nonsense", '{"run": 3}', "\xff"])
    def test_a_damaged_journal_is_refused(self, copy, capsys, line):
        with (copy / "journal.jsonl").open("ab") as file:
            file.write(line.encode("latin-1") + b"\n")
        assert study(copy) == 1
        assert "journal.jsonl is damaged" in capsys.readouterr().err


class TestResults:
    def run(self, **changes):
        given = {
            "start": "random",
            "n_labels": 100,
            "depth": 1,
            "seed": 0,
            "learning_rate": 0.1,
            "training_cost": [2.0, 1.0],
            "validation_error": [50.0, 40.0],
            "best_epoch": 2,
            "test_error": 41.0,
            "seconds": 1.0,
        }
        return Run(**{**given, **changes})

    def both(self, **changes):
        return [self.run(start=start, **changes) for start in STARTS]

    def test_the_errors_of_a_cell_come_by_seed(self):
        runs = [self.run(seed=seed, test_error=40.0 + seed) for seed in (2, 0, 1)]
        result = Study((*runs, self.run(depth=2), self.run(n_labels=1000)))
        assert result.test_errors("random", 100, 1) == [40, 41, 42]
        assert (result.n_labels, result.depths, result.seeds) == ([100, 1000], [1, 2], [0, 1, 2])

    def test_curves_have_a_margin_where_there_are_seeds(self):
        runs = [*self.both(), *self.both(n_labels=1000), *self.both(n_labels=1000, seed=1)]
        runs += self.both(n_labels=1000, seed=2, test_error=44.0)
        curves = Study(tuple(runs)).curves()
        first, second = curves["1 hidden layer"]["random start"]
        # 41, 41, 44: mean 42, deviation sqrt(3), t = 4.303 with two degrees of freedom.
        assert first == [100, 41, 0]
        assert second == pytest.approx([1000, 42, 4.303], rel=1e-6)
        plot_study(curves)

    def test_one_seed_has_no_margin_in_the_table(self):
        assert "±" not in format_study(Study(tuple(self.both()))).splitlines()[-1]

    @pytest.mark.parametrize(
        ("cell", "message"),
        [
            (("raw", 100, 1), "start is 'raw'; choose one of 'random', 'pretrained'"),
            (("random", 99, 1), r"n_labels=99, depth=1; n_labels is one of \[100\]"),
            (("random", 100, 4), r"depth=4; .* depth one of \[1\]"),
        ],
    )
    def test_a_cell_that_is_not_there(self, cell, message):
        with pytest.raises(ValueError, match=message):
            Study((self.run(),)).test_errors(*cell)

    def test_filters_that_are_not_there(self):
        result = Study((self.run(),), sheets={sheet_name("random"): pack_filters([[1.0, -1.0]])})
        assert result.filters("random").tolist() == [[1, -1]]
        with pytest.raises(ValueError, match=r"'random 100 1'; there are \['random before'\]"):
            result.filters("random", 100, 1)
        with pytest.raises(ValueError, match="start is 'raw'"):
            result.filters("raw")

    @given(arrays(np.float32, (3, 4), elements=st.floats(-1e6, 1e6, width=32)))
    def test_packing_loses_half_a_level_at_most(self, filters):
        levels, scale = pack_filters(filters)
        assert levels.dtype == np.uint8
        result = Study((), sheets={sheet_name("random"): (levels, scale)}).filters("random")
        assert np.abs(result - filters).max() <= 0.501 * scale + 1e-30
        assert (result[filters == 0] == 0).all()
        assert math.isfinite(scale)


class TestFiles:
    def test_what_is_saved_is_loaded(self, finished, tmp_path):
        result = load_study(finished[0] / FILE_NAME)
        save_study(tmp_path / "copy.json", result)
        again = load_study(str(tmp_path / "copy.json"))
        assert [asdict(run) for run in again.runs] == [asdict(run) for run in result.runs]
        assert without_times(again) == without_times(result)

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda path: path.unlink(),
            lambda path: path.with_suffix(".npz").unlink(),
            lambda path: path.write_text("[]"),
            lambda path: path.write_text("{}"),
            lambda path: path.write_text('{"runs": [{}]}'),
            lambda path: path.write_bytes(path.read_bytes()[:-9]),
            lambda path: path.with_suffix(".npz").write_bytes(b""),
            lambda path: path.with_suffix(".npz").write_bytes(b"PK\3\4 no archive"),
            lambda path: np.savez(path.with_suffix(".npz"), names=np.array(["a"])),
        ],
    )
    def test_files_that_hold_no_study(self, copy, spoil):
        spoil(copy / FILE_NAME)
        with pytest.raises(ValueError, match=r"hold no study .* python -m tutorial_lib study"):
            load_study(copy / FILE_NAME)


class TestStoredStudy:
    """The long run that comes with the package."""

    def test_it_is_complete(self):
        result = load_study()
        assert result.about["settings"] == FULL.as_json()
        n_seeds = len(result.seeds)
        assert result.seeds == [*range(n_seeds)]
        expected = f"python -m tutorial_lib study --preset full --seeds {n_seeds}"
        assert result.about["command"] == expected
        for n_labels, depth, start in FULL.cells():
            assert len(result.select(start, n_labels, depth)) == n_seeds
            assert result.filters(start, n_labels, depth).shape == (N_FILTERS, 784)
        assert len(result.runs) == n_seeds * len(FULL.cells())

    def test_every_run_is_what_the_settings_say(self):
        for run in load_study().runs:
            cell = Cell(run.n_labels, run.depth, run.start)
            errors = run.validation_error
            assert len(errors) == len(run.training_cost) == FULL.n_epochs[run.n_labels]
            assert run.best_epoch == 1 + errors.index(min(errors))
            assert run.learning_rate == FULL.learning_rate(cell)
            assert 0 < run.test_error < 100

    def test_it_is_small(self):
        assert STORED.with_suffix(".npz").stat().st_size < 600_000
        assert STORED.stat().st_size < 300_000

    def test_pretraining_helps_most_with_few_labels_and_many_layers(self):
        def gain(n_labels, depth):
            random, pretrained = (result.summary(s, n_labels, depth)["mean"] for s in STARTS)
            return random - pretrained

        result = load_study()
        assert gain(100, 5) > max(gain(100, 1), 0)
        assert gain(100, 5) > gain(1_000, 5) > gain(50_000, 5)
