"""The exercises of the four notebooks, checked at once.

``from tutorial_lib.exercises import autoencoder as ex``, then ``ex.encode.check(encode)``,
``ex.encode.hint()``, ``ex.encode.solution()``. `progress` shows all of them, `all_exercises` lists
them in order.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from tutorial_lib.exercises.task import Task

if TYPE_CHECKING:
    from tutorial_lib.exercises.progress import Progress

# Notebook by notebook.
MODULES = ("autoencoder", "stacking", "fine_tuning", "mnist_exercise")


def tasks_of(module: ModuleType) -> list[Task]:
    """Return the tasks that a module declares, in the order in which it does."""
    return [value for value in vars(module).values() if isinstance(value, Task)]


def all_exercises() -> list[Task]:
    """Return every exercise and question, in the order of the notebooks."""
    modules = (import_module(f"tutorial_lib.exercises.{name}") for name in MODULES)
    return [task for module in modules for task in tasks_of(module)]


def progress() -> "Progress":
    """Return a table of all exercises with a mark each, from the local record."""
    from tutorial_lib.exercises.progress import Progress

    return Progress()
