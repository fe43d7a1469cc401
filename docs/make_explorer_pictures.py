"""Make the pictures of the explorers in the README: three films and two still pictures.

They are taken in a real JupyterLab, of models that are trained for them. Run it in this folder's
parent: ``.venv/bin/python docs/make_explorer_pictures.py`` (needs the [dev] extra and Chromium;
about two minutes).
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from PIL import Image, ImageOps
from playwright.sync_api import Locator

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent / "tests"))
from browser import Lab, chromium, jupyterlab  # noqa: E402

MODELS = """from copy import deepcopy
import torch
from tutorial_lib import *
from tutorial_lib.widgets import *

digits, order = load_mnist(split="ufldl"), torch.Generator().manual_seed(0)
train, images, labels = digits.train, digits.test.images, digits.test.labels
options = {"generator": order, "progress": False}

copier, denoiser = (Autoencoder(784, 500, generator=order) for _ in range(2))
for model, level in ((copier, 0.0), (denoiser, 0.3)):
    how = Pretraining(n_epochs=10, learning_rate=0.1, corruption_level=level, weight_decay=1e-3)
    pretrain_layer(model, train.images[:20_000], settings=how, **options)

before = StackedAutoencoder(784, [80] * 3, generator=order)
steps = {"n_epochs": 10, "optimiser": "adam", "batch_size": 100, "corruption_level": 0.1}
how = Pretraining(learning_rate=2e-3, **steps)
pretrain_greedily(before, train.images, settings=how, **options)
how, top = FineTuning(learning_rate=1e-3, **steps), Classifier([], before.softmax)
fine_tune(top, before.encode(train.images).detach(), train.labels, settings=how, **options)
after = deepcopy(before)
fine_tune(after.classifier, train.images, train.labels, settings=how, **options)
"""
CELLS = [
    MODELS,
    "CorruptionExplorer({'the copier': copier, 'the denoiser': denoiser}, images)",
    "TrainingBench(train.images, n_hidden=48)",
    "StackExplorer({'before': before, 'after': after}, images, labels=labels)",
    "FilterExplorer({'the copier': copier, 'the denoiser': denoiser}, images)",
    "PretrainingExplorer()",
]
MARGIN, CUT = 12, 2  # pixels; the outermost ones may be a neighbour's
STYLE = f"padding: {MARGIN + CUT}px; overflow: hidden; width: "
DECODED = "box => Promise.all([...box.querySelectorAll('img')].map(image => image.decode()))"
UNIT = 6  # of the denoiser, from the strongest on: one that looks for a stroke of the 4
FIVE = [  # column and row of the drawing pad, stroke by stroke
    [(11, 6), (10, 12), (13, 11), (16, 12), (18, 15), (17, 18), (14, 21), (11, 21), (9, 19)],
    [(11, 6), (15, 6), (19, 5)],
]


def main() -> None:
    """Take all pictures and write them beside this file."""
    with TemporaryDirectory() as folder:
        cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
        kernel = {"name": "python3", "display_name": "Python 3"}
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        nbformat.write(notebook, Path(folder) / "explorers.ipynb")
        with jupyterlab(Path(folder)) as address, chromium() as page:
            page.set_viewport_size({"width": 1600, "height": 1400})
            lab = Lab(page, address)
            lab.open("explorers.ipynb")
            lab.run_all(timeout=900)
            for title, (name, width, n_colours, play) in PICTURES.items():
                heading = page.locator("strong", has_text=title)
                box = page.locator(".jp-OutputArea-output > .tl-panel", has=heading)
                box.evaluate("(box, style) => { box.style.cssText += style; }", f"{STYLE}{width}px")
                keep(name, list(play(box)), n_colours=n_colours)


def raise_the_level(box: Locator) -> Iterator[bytes]:
    """Yield the corruption explorer at one level of noise after another."""
    label = box.page.get_by_text("level", exact=True)
    level = box.locator(".widget-hslider", has=label).locator(".noUi-handle")
    level.press("Home")
    for _ in range(8):
        yield settled(box)
        level.press("ArrowRight")
        level.press("ArrowRight")


def train(box: Locator) -> Iterator[bytes]:
    """Yield the training bench while it trains, less and less often."""
    box.get_by_role("button", name="Reset", exact=True).click()
    yield settled(box)
    box.get_by_role("button", name="Run", exact=True).click()
    for k in range(1, 8):
        box.page.wait_for_timeout(900 * k)
        box.evaluate(DECODED)
        yield box.screenshot()
    box.get_by_role("button", name="Pause", exact=True).click()


def draw_a_digit(box: Locator) -> Iterator[bytes]:
    """Yield the stack explorer while a digit is drawn with the mouse."""
    box.get_by_label("my drawing").check()
    settled(box)
    mouse, pad = box.page.mouse, box.locator("canvas").bounding_box()
    for start, *others in FIVE:
        for column, row in (start, *others):
            side = pad["width"] / 28
            mouse.move(pad["x"] + (column + 0.5) * side, pad["y"] + (row + 0.5) * side)
            mouse.down()
            if (column, row) != start:
                yield settled(box)
        mouse.up()


def choose_a_unit(box: Locator) -> list[bytes]:
    """Return the filter explorer with one unit chosen."""
    box.locator("select").last.select_option("norm of the weights")
    settled(box)
    box.get_by_role("listbox").last.get_by_role("option").nth(UNIT).click()
    return [settled(box)]


def settled(box: Locator) -> bytes:
    """Take a screenshot when nothing changes any more."""
    earlier, now = b"", box.screenshot()
    while earlier != now:
        box.page.wait_for_timeout(500)
        earlier, now = now, box.screenshot()
    return now


def keep(name: str, shots: list[bytes], *, n_colours: int) -> None:
    """Write screenshots as one film, or a single one as a still picture."""
    pictures = [ImageOps.crop(Image.open(BytesIO(shot)).convert("RGB"), CUT) for shot in shots]
    ends = [ImageOps.invert(picture).getbbox()[2:] for picture in pictures]
    width, height = (max(end) + MARGIN for end in zip(*ends, strict=True))
    # One above the other, so that all frames have one size and share their colours.
    tops = range(0, height * len(pictures), height)
    strip = Image.new("RGB", (width, height * len(pictures)), "white")
    for top, picture in zip(tops, pictures, strict=True):
        strip.paste(picture.crop((0, 0, width, height)), (0, top))
    # Without its second look (kmeans), some greys would become blue.
    few = strip.quantize(n_colours, Image.Quantize.MAXCOVERAGE, 1, dither=Image.Dither.NONE)
    first, *others = (few.crop((0, top, width, top + height)) for top in tops)
    film = {"save_all": True, "append_images": others, "loop": 0}
    film["duration"] = [500] * len(others) + [2000]  # milliseconds
    part = FOLDER / f"unfinished-{name}"
    first.save(part, optimize=True, **(film if others else {}))
    part.replace(FOLDER / name)


# By the title of the explorer: the file, the explorer's width, the number of colours that keeps
# the file small, and what is done meanwhile.
PICTURES = {
    "Corruption explorer": ("corruption_explorer.gif", 680, 128, raise_the_level),
    "Training bench": ("training_bench.gif", 920, 48, train),
    "Stack explorer": ("stack_explorer.gif", 780, 128, draw_a_digit),
    "Filter explorer": ("filter_explorer.png", 1072, 256, choose_a_unit),
    "Pre-training or not": ("pretraining_explorer.png", 680, 256, lambda box: [settled(box)]),
}

if __name__ == "__main__":
    main()
