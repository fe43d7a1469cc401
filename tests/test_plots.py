"""Pictures: what they show, that it can be read, and that they leave no trace."""

import subprocess
import sys
from dataclasses import dataclass, field
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from tutorial_lib.plots import (
    plot_confusion,
    plot_denoising,
    plot_filters,
    plot_learning_curves,
    plot_misread_digits,
    plot_reconstructions,
    plot_rows,
)
from tutorial_lib.study_plots import plot_study


@dataclass
class History:
    cost: list[float] = field(default_factory=list)
    validation_error: list[float] = field(default_factory=list)


def random_images(n: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(n, 784, generator=torch.Generator().manual_seed(seed))


LABELS = torch.tensor([4, 4, 1, 7, 9, 9])
PREDICTIONS = torch.tensor([9, 4, 1, 1, 4, 9])
PROBABILITIES = torch.full((6, 10), 0.01)
PROBABILITIES[torch.arange(6), PREDICTIONS] = torch.tensor([0.5, 0.9, 0.9, 0.875, 0.75, 0.9])

STUDY = {
    f"{depth} hidden layers": {
        "random": [[100, 21 + depth, 1.5], [1000, 8, 0.5], [10000, 3.3, 0.1], [50000, 1.7, 0.05]],
        "pretrained": [[100, 19, 2.0], [1000, 7, 0.4], [10000, 3, 0.1], [50000, 1.6, 0.05]],
    }
    for depth in (1, 2, 3, 5)
}

EVERY_PICTURE = {
    "filters": lambda: plot_filters(random_images(30)),
    "filters, three sheets": lambda: plot_filters(
        *(random_images(n) for n in (100, 7, 1)), titles=["0 % corruption", "30 %", "third sheet"]
    ),
    "filters, each": lambda: plot_filters(random_images(9), scale="each", titles=["UFLDL"]),
    "filters, one row": lambda: plot_filters(random_images(8), n_columns=8),
    "filters, one column": lambda: plot_filters(random_images(8), n_columns=1),
    "reconstructions": lambda: plot_reconstructions(random_images(10), random_images(10, 1)),
    "rows": lambda: plot_rows({name: random_images(10, k) for k, name in enumerate("abcd")}),
    "one reconstruction": lambda: plot_reconstructions(random_images(1), random_images(1, 1)),
    "denoising": lambda: plot_denoising(*(random_images(20, k) for k in range(3))),
    "learning curves": lambda: plot_learning_curves(
        {f"run {k}": np.linspace(100, 60 + k, 15) for k in range(7)}
    ),
    "validation error, log": lambda: plot_learning_curves(
        {"run": np.linspace(9, 1.3, 36)}, quantity="validation_error", log=True
    ),
    "study": lambda: plot_study(STUDY),
    "study, one panel": lambda: plot_study({"1 hidden layer": {"random": [[100, 41.0, 0]]}}),
    "study, three panels": lambda: plot_study(dict(list(STUDY.items())[:3]), ylabel="error"),
    "confusion": lambda: plot_confusion(LABELS, PREDICTIONS),
    "misread digits": lambda: plot_misread_digits(random_images(6), LABELS, PREDICTIONS),
    "misread digits, sure": lambda: plot_misread_digits(
        random_images(6), LABELS, PREDICTIONS, probabilities=PROBABILITIES, n_columns=2
    ),
}


def captions(picture: Figure) -> list[str]:
    return [ax.get_title() for ax in picture.axes if ax.get_title()]


@pytest.mark.parametrize("draw", EVERY_PICTURE.values(), ids=EVERY_PICTURE.keys())
class TestEveryPicture:
    def test_text_can_be_read(self, draw, monkeypatch):
        texts = []
        draw_text = Text.draw

        def note_and_draw(text, renderer):
            if text.get_visible() and text.get_text().strip():
                texts.append(text)
            draw_text(text, renderer)

        monkeypatch.setattr(Text, "draw", note_and_draw)
        picture = draw()
        FigureCanvasAgg(picture).draw()
        boxes = [text.get_window_extent() for text in texts]
        inside = picture.bbox.padded(1)
        assert boxes
        for box in boxes:
            assert inside.contains(box.x0, box.y0)
            assert inside.contains(box.x1, box.y1)
        for one, other in combinations(boxes, 2):
            overlap = Bbox.intersection(one, other)
            assert overlap is None or overlap.width * overlap.height < 1
        assert min(t.get_fontsize() for t in texts) >= 10

    def test_becomes_a_png_and_changes_no_global_state(self, draw):
        before = dict(mpl.rcParams)
        assert draw()._repr_png_().startswith(b"\x89PNG")
        assert dict(mpl.rcParams) == before


def test_is_saved_like_any_figure(tmp_path):
    plot_filters(random_images(4)).savefig(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_pyplot_is_not_even_imported():
    program = (
        "import sys, torch; from tutorial_lib.plots import plot_filters;"
        "plot_filters(torch.rand(4, 784))._repr_png_(); print('matplotlib.pyplot' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("False\n", "")


class TestFilters:
    def test_one_range_of_colours_symmetric_about_zero_for_all_sheets(self):
        strong, weak = torch.zeros(4, 784), torch.full((4, 784), 0.1)
        strong[0, 0] = -3.0
        picture = plot_filters(strong, weak)
        assert [ax.images[0].get_clim() for ax in picture.axes[:2]] == [(-3.0, 3.0)] * 2
        assert len(picture.axes) == 3  # the third is the colour bar
        assert picture.axes[2].get_ylabel() == "weight"

    def test_the_range_is_that_of_the_filters_drawn(self):
        weight = torch.ones(3, 784)
        weight[2] = 50
        assert plot_filters(weight, max_filters=2).axes[0].images[0].get_clim() == (-1, 1)

    def test_each_is_grey_from_minus_one_to_one_without_a_bar(self):
        (ax,) = plot_filters(random_images(4), scale="each").axes
        assert ax.images[0].get_clim() == (-1, 1)
        assert ax.images[0].get_cmap().name == "gray"

    @pytest.mark.parametrize("scale", ["common", "each"])
    def test_weights_that_are_all_zero(self, scale):
        ax = plot_filters(torch.zeros(4, 784), scale=scale).axes[0]
        assert ax.images[0].get_clim() == (-1, 1)

    def test_a_sheet_is_one_image_whatever_the_number_of_filters(self):
        picture = plot_filters(random_images(100), titles=["layer 1"])
        assert [len(ax.images) for ax in picture.axes] == [1, 0]
        assert captions(picture) == ["layer 1"]

    def test_equal_weights_get_equal_colours_on_all_sheets(self):
        picture = plot_filters(torch.full((1, 784), 0.5), torch.full((4, 784), 0.5))
        canvas = FigureCanvasAgg(picture)
        canvas.draw()
        pixels = np.asarray(canvas.buffer_rgba())
        spots = []
        for ax in picture.axes[:2]:
            x, y = ax.transData.transform((14, 14))
            spots.append(pixels[len(pixels) - int(y), int(x)])
        np.testing.assert_array_equal(spots[0], spots[1])

    @pytest.mark.parametrize(
        ("weights", "arguments", "message"),
        [
            ((), {}, "at least 1"),
            ((torch.ones(2, 784),), {"titles": ["a", "b"]}, "weights has 1, titles has 2"),
            ((torch.ones(2, 200),), {}, "rows of 200 values"),
            ((torch.full((2, 784), torch.nan),), {}, "NaN"),
        ],
    )
    def test_bad_arguments(self, weights, arguments, message):
        with pytest.raises(ValueError, match=message):
            plot_filters(*weights, **arguments)


class TestRows:
    def test_rows_are_in_order_and_named(self):
        clean, corrupted, restored = (torch.full((3, 784), v) for v in (0.0, 0.5, 0.25))
        (ax,) = plot_denoising(clean, corrupted, restored, max_images=2).axes
        sheet = ax.images[0].get_array()
        assert [t.get_text() for t in ax.get_yticklabels()] == ["clean", "corrupted", "restored"]
        assert [float(sheet[int(y), 5]) for y in ax.get_yticks()] == [0.0, 0.5, 0.25]
        assert sheet.shape == (3 * 29 + 1, 2 * 29 + 1)

    def test_the_caption_gives_the_mean_error_of_the_images_drawn(self):
        clean = torch.zeros(3, 784)
        restored = clean + torch.tensor([[0.1], [0.1], [0.9]])
        (ax,) = plot_denoising(clean, clean + 2, restored, max_images=2).axes
        expected = "mean squared error per pixel: corrupted 4.000, restored 0.010"
        assert ax.get_xlabel() == expected

    def test_tensors_with_gradients_and_other_shapes(self):
        images = torch.rand(2, 6, requires_grad=True)
        (ax,) = plot_reconstructions(images, images.detach().numpy(), image_shape=(2, 3)).axes
        assert ax.get_xlabel().endswith("reconstruction 0.000")

    @pytest.mark.parametrize("width", [2.5, 3, 8])
    def test_all_of_the_sentence_is_seen(self, width):
        x = np.zeros((1, 784))
        picture = plot_rows({"input": x, "before": x, "after": x}, width=width)
        (ax,) = picture.axes
        picture.draw_without_rendering()
        seen = ax.xaxis.label.get_window_extent()
        assert " ".join(ax.get_xlabel().split()).endswith("pixel: before 0.000, after 0.000")
        assert picture.bbox.x0 <= seen.x0 < seen.x1 <= picture.bbox.x1
        assert picture.bbox.y0 <= seen.y0

    @pytest.mark.parametrize(
        ("images", "arguments", "message"),
        [
            (torch.ones(3, 784), {}, "image has 2, reconstruction has 3"),
            (torch.ones(784), {}, r"shape \(784,\); expected 2"),
            (torch.ones(2, 784), {"max_images": 0}, "max_images is 0"),
            (torch.ones(2, 100), {}, "reconstruction has rows of 100"),
        ],
    )
    def test_bad_arguments(self, images, arguments, message):
        with pytest.raises(ValueError, match=message):
            plot_reconstructions(torch.ones(2, 784), images, **arguments)


class TestLearningCurves:
    def test_histories_and_numbers_side_by_side(self):
        history = History(cost=[3.0, 2.0], validation_error=[9.0, 8.0, 7.0])
        (ax,) = plot_learning_curves({"a": history, "b": torch.tensor([5.0, 4.0])}).axes
        drawn = {line.get_label(): line.get_xydata().tolist() for line in ax.lines}
        assert drawn == {"a": [[1, 3], [2, 2]], "b": [[1, 5], [2, 4]]}
        assert ax.get_xlabel() == "epoch"

    def test_the_other_quantity(self):
        history = History(cost=[3.0, 2.0], validation_error=[9.0, 8.0, 7.0])
        (ax,) = plot_learning_curves({"a": history}, quantity="validation_error").axes
        assert ax.lines[0].get_ydata().tolist() == [9, 8, 7]
        assert ax.get_ylabel() == "validation error (%)"

    def test_colour_is_not_the_only_sign(self):
        (ax,) = plot_learning_curves({str(k): [2.0, 1.0] for k in range(5)}).axes
        assert len({line.get_marker() for line in ax.lines}) == 5
        assert len({line.get_color() for line in ax.lines}) == 5
        assert len({str(line._unscaled_dash_pattern) for line in ax.lines}) == 5
        assert [t.get_text() for t in ax.get_legend().get_texts()] == list("01234")

    def test_log(self):
        (ax,) = plot_learning_curves({"a": [10.0, 0.1]}, log=True, step="iteration").axes
        assert (ax.get_yscale(), ax.get_xlabel()) == ("log", "iteration")

    @pytest.mark.parametrize(
        ("curves", "arguments", "message"),
        [
            ({}, {}, "at least 1"),
            ({"a": []}, {}, r"curves\['a'\] has shape \(0,\)"),
            ({"a": History(cost=[1.0])}, {"quantity": "validation_error"}, "shape"),
            ({"a": [1.0]}, {"quantity": "accuracy"}, "choose one of 'cost'"),
            ({"a": [1.0, 0.0]}, {"log": True}, "holds 0; log=True needs"),
            ({"a": [1.0, float("nan")]}, {}, "NaN"),
        ],
    )
    def test_bad_arguments(self, curves, arguments, message):
        with pytest.raises(ValueError, match=message):
            plot_learning_curves(curves, **arguments)


class TestStudy:
    def test_a_panel_per_network_a_curve_per_start_a_bar_per_point(self):
        axes = plot_study(STUDY).axes
        assert [ax.get_title() for ax in axes] == list(STUDY)
        for ax, curves in zip(axes, STUDY.values(), strict=True):
            drawn = {bars.get_label(): bars for bars in ax.containers}
            assert list(drawn) == ["random", "pretrained"]
            for start, curve in curves.items():
                line, _, (bars,) = drawn[start].lines
                n_labels, mean, margin = np.transpose(curve)
                np.testing.assert_allclose(line.get_xydata(), np.transpose([n_labels, mean]))
                ends = np.array([bar[:, 1] for bar in bars.get_segments()])
                np.testing.assert_allclose(ends, np.transpose([mean - margin, mean + margin]))
            assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")

    def test_all_panels_have_the_same_axes(self):
        limits = {(*ax.get_xlim(), *ax.get_ylim()) for ax in plot_study(STUDY).axes}
        assert len(limits) == 1

    def test_colour_is_not_the_only_sign(self):
        lines = [bars.lines[0] for bars in plot_study(STUDY).axes[0].containers]
        for sign in ("get_color", "get_marker", "get_linestyle"):
            assert len({getattr(line, sign)() for line in lines}) == 2

    def test_a_margin_beyond_zero_can_be_drawn(self):
        picture = plot_study({"two seeds": {"random": [[100, 1.0, 5.0], [1000, 0.5, 5.0]]}})
        assert picture._repr_png_().startswith(b"\x89PNG")

    @pytest.mark.parametrize(
        ("panels", "message"),
        [
            ({}, "panels has 0"),
            ({"a": {}}, r"panels\['a'\] has 0"),
            ({"a": {"b": [[100, 1]]}}, r"panels\['a'\]\['b'\] has 2 columns; expected labels"),
            ({"a": {"b": [100, 1, 0]}}, "expected 2 dimensions"),
            ({"a": {"b": [[100, 0, 0]]}}, "holds 0; logarithmic axes"),
            ({"a": {"b": [[0, 1, 0]]}}, "holds 0; logarithmic axes"),
            ({"a": {"b": [[100, 1, -2]]}}, "holds -2"),
            ({"a": {"b": [[100, 1, float("nan")]]}}, "NaN"),
        ],
    )
    def test_bad_arguments(self, panels, message):
        with pytest.raises(ValueError, match=message):
            plot_study(panels)


class TestConfusion:
    def counts(self, picture: Figure) -> dict[tuple[int, int], str]:
        """Text by (true class, read as)."""
        return {
            (int(t.get_position()[1]), int(t.get_position()[0])): t.get_text()
            for t in picture.axes[0].texts
        }

    def test_counts_are_rows_of_true_classes(self):
        picture = plot_confusion(LABELS, PREDICTIONS)
        expected = {(1, 1): 1, (4, 4): 1, (4, 9): 1, (7, 1): 1, (9, 4): 1, (9, 9): 1}
        assert self.counts(picture) == {cell: str(n) for cell, n in expected.items()}
        assert captions(picture) == ["3 of 6 misread (50.00 %)"]
        assert picture.axes[0].get_ylabel() == "true class"

    def test_colours_are_shares_of_the_row_and_leave_out_right_answers(self):
        labels, predictions = [0] * 1000 + [1] * 4, [0] * 998 + [1] * 2 + [1, 1, 1, 0]
        picture = plot_confusion(labels, predictions)
        share = picture.axes[0].images[0].get_array()
        np.testing.assert_allclose(share.filled(np.nan), [[np.nan, 0.2], [25, np.nan]])
        assert picture.axes[0].images[0].get_clim() == (0, 25)
        assert self.counts(picture)[0, 0] == "998"

    @pytest.mark.parametrize("n_classes", [1, 3])
    def test_no_mistakes(self, n_classes):
        labels = np.arange(n_classes)
        assert captions(plot_confusion(labels, labels)) == [f"0 of {n_classes} misread (0.00 %)"]

    def test_names(self):
        picture = plot_confusion([0, 1], [1, 1], class_names=["cat", "dog", "cow"])
        assert [t.get_text() for t in picture.axes[0].get_xticklabels()] == ["cat", "dog", "cow"]

    @pytest.mark.parametrize(
        ("labels", "predictions", "arguments", "message"),
        [
            ([0, 1], [0], {}, "labels has 2, predictions has 1"),
            ([0, -1], [0, 0], {}, "labels holds -1"),
            ([], [], {}, "empty"),
            ([0, 2], [0, 1], {"class_names": ["a", "b"]}, "2 names; expected at least 3"),
            ([[0]], [[0]], {}, "expected 1 dimension,"),
        ],
    )
    def test_bad_arguments(self, labels, predictions, arguments, message):
        with pytest.raises(ValueError, match=message):
            plot_confusion(labels, predictions, **arguments)


class TestMisreadDigits:
    def test_only_mistakes_in_the_order_given(self):
        images = torch.arange(6.0)[:, None].expand(6, 784) / 10
        picture = plot_misread_digits(images, LABELS, PREDICTIONS)
        assert captions(picture) == ["4 read as 9", "7 read as 1", "9 read as 4"]
        drawn = [float(ax.images[0].get_array()[0, 0]) for ax in picture.axes if ax.images]
        np.testing.assert_allclose(drawn, [0.0, 0.3, 0.4], atol=1e-6)

    def test_the_surest_mistakes_come_first(self):
        picture = plot_misread_digits(
            random_images(6), LABELS, PREDICTIONS, probabilities=PROBABILITIES, max_images=2
        )
        expected = ["7 read as 1\n87.5 % sure", "9 read as 4\n75.0 % sure"]
        assert captions(picture) == expected

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"predictions": LABELS}, "None of the 6 digits was misread"),
            ({"labels": LABELS[:5]}, "images has 6, labels has 5"),
            ({"max_images": 0}, "max_images is 0"),
            ({"n_columns": 0}, "n_columns is 0"),
            ({"probabilities": PROBABILITIES[:5]}, "probabilities has 5"),
            ({"probabilities": PROBABILITIES[:, :9]}, "9 columns .* prediction 9"),
            ({"probabilities": PROBABILITIES * 2}, r"in \[0.02, 1.8\]; expected values in"),
            ({"image_shape": (2, 2)}, "image_shape"),
        ],
    )
    def test_bad_arguments(self, changes, message):
        images = random_images(6)
        arguments = {"images": images, "labels": LABELS, "predictions": PREDICTIONS, **changes}
        with pytest.raises(ValueError, match=message):
            plot_misread_digits(**arguments)
