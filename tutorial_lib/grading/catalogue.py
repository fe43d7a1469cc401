"""The exercises of the course, for those who judge and for those who report."""

from importlib import import_module
from typing import Any

from tutorial_lib.exercises import MODULES, tasks_of
from tutorial_lib.exercises.task import Task


def chapters() -> dict[str, list[Task]]:
    """Return the exercises of each notebook, by its name."""
    return {
        f"{number:02}_{module}": tasks_of(import_module(f"tutorial_lib.exercises.{module}"))
        for number, module in enumerate(MODULES, start=1)
    }


def catalogue() -> list[dict[str, Any]]:
    """Return what reports say of the exercises, as plain values."""
    return [
        {
            "exercise": task.id,
            "name": task.name,
            "title": task.title,
            "points": task.points,
            "hints": list(task.hints),
            "notebook": notebook,
        }
        for notebook, tasks in chapters().items()
        for task in tasks
    ]
