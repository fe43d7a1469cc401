"""How fast the explorers answer in the kernel, at the sizes that the notebooks use.

What is timed is everything between a new value of a control and the pictures that it leads to,
encoded and ready to be sent. The browser's share is measured by its own tests.
"""

import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from typing import Any

import ipywidgets
import torch
from torch import Tensor

from tutorial_lib.stacked import StackedAutoencoder
from tutorial_lib.widgets import (
    CorruptionExplorer,
    FilterExplorer,
    PretrainingExplorer,
    StackExplorer,
    TrainingBench,
)
from tutorial_lib.widgets.pad import DrawingPad
from tutorial_lib.widgets.sheet import Sheet

Milliseconds = dict[str, float]


def measure_explorers(images: Tensor, *, n_changes: int = 40) -> dict[str, Milliseconds]:
    """Return, by explorer and control, the 95th percentile of the times to answer.

    Parameters
    ----------
    images : Tensor of shape (n, 784), float in [0, 1]
    n_changes : int
        How often each control is changed.
    """
    generator = torch.Generator().manual_seed(0)
    stacks = [StackedAutoencoder(784, [500] * 3, generator=generator) for _ in range(2)]
    pairs: dict[str, Any] = dict(zip("AB", stacks, strict=True))
    first = {name: stack.layers()[0] for name, stack in pairs.items()}
    explorers = {
        "corruption": CorruptionExplorer(first, images),
        "filters": FilterExplorer(pairs, images),
        "stack": StackExplorer(pairs, images),
        "pre-training": PretrainingExplorer(),
    }
    found = {}
    for name, explorer in explorers.items():
        changes = dict(_changes(explorer))
        found[name] = {words: _slow(change, n_changes) for words, change in changes.items()}
    bench = TrainingBench(images, n_steps=0)
    found["training bench"] = {"Step": _slow(lambda: bench.train(1), n_changes)}
    return found


def _slow(change: Callable[[], None], n_changes: int) -> float:
    """Return the 95th percentile of the times of one call, in milliseconds."""
    times = []
    for _ in range(n_changes):
        start = time.perf_counter()
        change()
        times.append(1000 * (time.perf_counter() - start))
    return float(torch.tensor(times).quantile(0.95))


def _changes(widget: ipywidgets.Widget) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield what each control within a widget is called, and a function that changes it."""
    for child in getattr(widget, "children", ()):
        yield from _changes(child)
    if isinstance(widget, Sheet):
        yield "a click on the sheet", _setter(widget, "selected", range(len(widget.labels)))
    elif isinstance(widget, DrawingPad):
        yield "drawing", _setter(widget, "ink", [bytes([k] * 784) for k in range(1, 50)])
    elif hasattr(widget, "options"):
        yield widget.description, _setter(widget, "index", range(len(widget.options)))
    elif hasattr(widget, "max"):
        n = min(37, round((widget.max - widget.min) / widget.step) + 1)
        values = [widget.min + k * (widget.max - widget.min) / (n - 1) for k in range(n)]
        if isinstance(widget.value, int):
            values = [round(value) for value in values]
        yield widget.description, _setter(widget, "value", values)


def _setter(widget: ipywidgets.Widget, trait: str, values: Any) -> Callable[[], None]:
    upcoming = islice(cycle(values), 1, None)  # the first is what it has
    return lambda: setattr(widget, trait, next(upcoming))
