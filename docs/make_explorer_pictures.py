"""Make the pictures of the explorers in the README: three films and two still pictures.

They are taken in a real JupyterLab, of models that are trained for them. Run it in this folder's
parent: ``.venv/bin/python docs/make_explorer_pictures.py`` (needs the [dev] extra and Chromium;
about two minutes).
"""

import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from PIL import Image
from playwright.sync_api import Locator

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent / "tests"))
from browser import Lab, chromium, jupyterlab  # noqa: E402

MODELS = """
from copy import deepcopy
import torch
from tutorial_lib import Autoencoder
from tutorial_lib.mnist import load_mnist
from tutorial_lib.settings import FineTuning, Pretraining
from tutorial_lib.stacked import Classifier, StackedAutoencoder
from tutorial_lib.training import fine_tune, pretrain_greedily, pretrain_layer
from tutorial_lib.widgets import *

digits, order = load_mnist(split="ufldl"), torch.Generator().manual_seed(0)
train, images, labels = digits.train, digits.test.images, digits.test.labels
some, options = train.first(20_000), {"generator": order, "progress": False}

copier, denoiser = (Autoencoder(784, 500, generator=order) for _ in range(2))
for model, level in ((copier, 0.0), (denoiser, 0.3)):
    how = Pretraining(n_epochs=10, learning_rate=0.1, corruption_level=level, weight_decay=1e-3)
    pretrain_layer(model, some.images, settings=how, **options)

before = StackedAutoencoder(784, [80, 60, 40], generator=order)
steps = {"optimiser": "adam", "learning_rate": 2e-3, "batch_size": 100, "corruption_level": 0.2}
pretrain_greedily(before, some.images, settings=Pretraining(n_epochs=10, **steps), **options)
tuning, top = FineTuning(n_epochs=10, **steps), Classifier([], before.softmax)
fine_tune(top, before.encode(some.images).detach(), some.labels, settings=tuning, **options)
after = deepcopy(before)
fine_tune(after.classifier, train.images, train.labels, settings=tuning, **options)
"""
CELLS = [
    MODELS.strip(),
    "CorruptionExplorer({'the copier': copier, 'the denoiser': denoiser}, images)",
    "TrainingBench(train.images, n_steps=0)",
    "StackExplorer({'before': before, 'after': after}, images, labels=labels)",
    "FilterExplorer({'0 % corruption': copier, '30 % corruption': denoiser}, images)",
    "PretrainingExplorer()",
]
# Narrow enough to be shown as it is, with some air around it.
STYLE = ".tl-panel { width: 648px; padding: 12px; overflow: hidden }"
# Column and row of the drawing pad, stroke by stroke.
FIVE = [
    [(11, 6), (10, 12), (13, 11), (16, 12), (18, 15), (17, 18), (14, 21), (11, 21), (9, 19)],
    [(11, 6), (15, 6), (19, 5)],
]


def main() -> None:
    """Take all pictures and write them beside this file."""
    with TemporaryDirectory() as folder:
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in CELLS],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(notebook, Path(folder) / "explorers.ipynb")
        with jupyterlab(Path(folder)) as address, chromium() as page:
            page.set_viewport_size({"width": 1200, "height": 1400})
            lab = Lab(page, address)
            lab.open("explorers.ipynb")
            lab.run_all(timeout=900)
            page.add_style_tag(content=STYLE)
            for title, (name, play) in PICTURES.items():
                heading = page.locator("strong", has_text=title)
                box = page.locator(".jp-OutputArea-output > .tl-panel", has=heading)
                keep(name, list(play(box)))


def raise_the_level(box: Locator) -> Iterator[bytes]:
    """Yield the corruption explorer at one level of noise after another."""
    slider(box, "level").press("Home")
    for _ in range(8):
        yield settled(box)
        for _ in range(2):
            slider(box, "level").press("ArrowRight")


def train(box: Locator) -> Iterator[bytes]:
    """Yield the training bench while it trains, less and less often."""
    box.get_by_role("button", name="Reset", exact=True).click()
    yield settled(box)
    box.get_by_role("button", name="Run", exact=True).click()
    for k in range(10):
        box.page.wait_for_timeout(500 + 200 * k)
        yield decoded(box)
    box.get_by_role("button", name="Pause", exact=True).click()


def draw_a_digit(box: Locator) -> Iterator[bytes]:
    """Yield the stack explorer while a digit is drawn with the mouse."""
    box.get_by_label("my drawing").check()
    yield settled(box)
    mouse, pad = box.page.mouse, box.locator("canvas").bounding_box()
    for start, *others in FIVE:
        for column, row in (start, *others):
            side = pad["width"] / 28
            mouse.move(pad["x"] + (column + 0.5) * side, pad["y"] + (row + 0.5) * side)
            mouse.down()
            if (column, row) != start:
                yield settled(box)
        mouse.up()


def choose_a_unit(box: Locator) -> Iterator[bytes]:
    """Yield the filter explorer with one unit chosen."""
    box.locator("select").last.select_option("norm of the weights")
    settled(box)
    box.get_by_role("listbox").last.get_by_role("option").nth(UNIT).click()
    yield settled(box)


def slider(box: Locator, label: str) -> Locator:
    """Return the handle of a slider."""
    name = box.page.get_by_text(label, exact=True)
    return box.locator(".widget-hslider", has=name).locator(".noUi-handle")


def decoded(box: Locator) -> bytes:
    """Take a picture of an explorer, none of whose images is still on its way."""
    box.evaluate("box => Promise.all([...box.querySelectorAll('img')].map(i => i.decode()))")
    return box.screenshot()


def settled(box: Locator) -> bytes:
    """Take a picture of an explorer when nothing changes any more."""
    earlier, now = b"", decoded(box)
    while earlier != now:
        box.page.wait_for_timeout(500)
        earlier, now = now, decoded(box)
    return now


def keep(name: str, shots: list[bytes]) -> None:
    """Write screenshots as one film, or a single one as a still picture."""
    pictures = [Image.open(BytesIO(shot)) for shot in shots]
    width, height = (max(sizes) for sizes in zip(*(p.size for p in pictures), strict=True))
    # One above the other, so that all frames have one size and share their colours.
    strip = Image.new("RGB", (width, height * len(pictures)), "white")
    for k, picture in enumerate(pictures):
        strip.paste(picture, (0, k * height))
    strip = strip.quantize(128, dither=Image.Dither.NONE)
    frames = [strip.crop((0, k * height, width, (k + 1) * height)) for k in range(len(pictures))]
    film = {"save_all": True, "append_images": frames[1:], "loop": 0}
    duration = [500] * (len(frames) - 1) + [2000]
    part = FOLDER / f"unfinished-{name}"
    frames[0].save(part, optimize=True, **(film | {"duration": duration} if frames[1:] else {}))
    part.replace(FOLDER / name)


UNIT = 3  # on the second sheet: a stroke
# By the title of the explorer: the file, and what is done meanwhile.
PICTURES: dict[str, tuple[str, Callable[[Locator], Iterator[bytes]]]] = {
    "Corruption explorer": ("corruption_explorer.gif", raise_the_level),
    "Training bench": ("training_bench.gif", train),
    "Stack explorer": ("stack_explorer.gif", draw_a_digit),
    "Filter explorer": ("filter_explorer.png", choose_a_unit),
    "Pre-training or not": ("pretraining_explorer.png", lambda box: iter([settled(box)])),
}

if __name__ == "__main__":
    main()
