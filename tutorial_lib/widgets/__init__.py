"""Explorers for JupyterLab: what the formulas do, under your fingers.

The only part of the package that knows ipywidgets and anywidget. Each explorer takes trained
models or arrays, and shows itself as the last line of a cell, with a still picture for where no
kernel is.
"""

from tutorial_lib.widgets.corruption import CorruptionExplorer
from tutorial_lib.widgets.filters import FilterExplorer
from tutorial_lib.widgets.pretraining import PretrainingExplorer
from tutorial_lib.widgets.stack import StackExplorer
from tutorial_lib.widgets.training_bench import TrainingBench

__all__ = [
    "CorruptionExplorer",
    "FilterExplorer",
    "PretrainingExplorer",
    "StackExplorer",
    "TrainingBench",
]
