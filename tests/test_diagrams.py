"""Schematics of networks: what they show, and that they can be read."""

from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.transforms import Bbox

from tutorial_lib.diagrams import Network, draw_networks

AUTOENCODER = Network(
    "autoencoder", ["784 pixels", "encoder", "500 units", "decoder", "784 pixels"]
)
CLASSIFIER = Network(
    "classifier",
    ["784 pixels", "encoder 1", "200 units", "encoder 2", "1,000 units", "softmax", "10 classes"],
    {1: ("decoder 1", "784 pixels"), 2: ("decoder 2", "200 units")},
)
EVERY_PICTURE = {
    "one": lambda: draw_networks(AUTOENCODER),
    "side by side": lambda: draw_networks(AUTOENCODER, AUTOENCODER, AUTOENCODER),
    "discarded": lambda: draw_networks(CLASSIFIER),
}
each_picture = pytest.mark.parametrize("draw", EVERY_PICTURE.values(), ids=EVERY_PICTURE.keys())


def words(picture: Figure) -> list[str]:
    """Every text in a picture but the dots."""
    (ax,) = picture.axes
    return [text.get_text().replace("\n", " ") for text in ax.texts if text.get_text() != "⋮"]


def circles(picture: Figure) -> list[Circle]:
    return [patch for patch in picture.axes[0].patches if isinstance(patch, Circle)]


def circles_of(size: int) -> list[Circle]:
    return circles(draw_networks(Network("", [f"{size} units"])))


@each_picture
def test_text_is_inside_apart_and_large_enough(draw):
    picture = draw()
    FigureCanvasAgg(picture).draw()
    texts = picture.axes[0].texts
    boxes = [text.get_window_extent() for text in texts]
    for box in boxes:
        assert picture.bbox.padded(1).contains(box.x0, box.y0)
        assert picture.bbox.padded(1).contains(box.x1, box.y1)
    for one, other in combinations(boxes, 2):
        overlap = Bbox.intersection(one, other)
        assert overlap is None or overlap.width * overlap.height < 1
    assert min(text.get_fontsize() for text in texts) >= 10


@each_picture
def test_it_becomes_a_png_as_wide_as_a_column_and_changes_no_global_state(draw):
    before = dict(mpl.rcParams)
    picture = draw()
    assert picture._repr_png_().startswith(b"\x89PNG")
    assert picture.get_figwidth() <= 7.5
    assert dict(mpl.rcParams) == before


def test_everything_is_named():
    assert sorted(words(draw_networks(AUTOENCODER))) == sorted(
        [AUTOENCODER.title, *AUTOENCODER.chain]
    )
    thrown_away = [name for names in CLASSIFIER.discarded.values() for name in names]
    assert sorted(words(draw_networks(CLASSIFIER))) == sorted(
        [CLASSIFIER.title, *CLASSIFIER.chain, *thrown_away]
    )


def test_a_larger_layer_has_more_circles_and_a_small_one_all_of_its_own():
    counts = [len(circles_of(size)) for size in (1, 2, 10, 200, 784, 10_000)]
    assert counts == sorted(counts)
    assert counts[:2] == [1, 2]
    assert counts[3] < counts[4] <= 8


def test_each_circle_is_joined_to_each_of_the_next_layer():
    picture = draw_networks(Network("", ["2 units", "weights", "1 unit"]))
    (lines,) = [c for c in picture.axes[0].collections if isinstance(c, LineCollection)]
    one, other, top = (circle.center for circle in circles(picture))
    np.testing.assert_allclose(lines.get_segments(), [(one, top), (other, top)])


def test_what_is_discarded_differs_by_more_than_colour():
    kept, hollow = [], []
    for circle in circles(draw_networks(CLASSIFIER)):
        (hollow if circle.get_facecolor() == (1, 1, 1, 1) else kept).append(circle)
    assert len(hollow) == len(circles_of(784)) + len(circles_of(200))
    assert {circle.get_linestyle() for circle in kept} == {"-"}
    assert "-" not in {circle.get_linestyle() for circle in hollow}
    assert max(circle.center[1] for circle in hollow) < min(circle.center[1] for circle in kept)


@pytest.mark.parametrize("name", ["pixels", "", "0 units", "-3 units"])
def test_a_layer_without_a_size_is_refused(name):
    with pytest.raises(ValueError, match="a size comes first"):
        draw_networks(Network("", [name]))
