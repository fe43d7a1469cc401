"""The learner's own record: which exercises are done, and the text of right answers.

A local file, ``progress.json`` beside the notebook (or where the environment variable
TUTORIAL_PROGRESS says). It is a convenience: deleting it harms nothing, and no mark comes from it.
"""

import dis
import inspect
import json
import os
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tutorial_lib.checkpoints import atomic_writer
from tutorial_lib.exercises.outcome import Status

Entry = dict[str, Any]


def path() -> Path:
    """Return where the record is kept."""
    return Path(os.environ.get("TUTORIAL_PROGRESS", "progress.json"))


def load() -> dict[str, Entry]:
    """Return the record by name of the exercise; a missing or broken file is an empty record."""
    try:
        entries = json.loads(path().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {k: v for k, v in entries.items() if isinstance(v, dict)} if isinstance(entries, dict) else {}


def note(name: str, status: Status, text: str | None) -> None:
    """Add a verdict; a folder that cannot be written to is no reason to disturb the learner."""
    entries = load()
    entry = entries.setdefault(name, {"attempts": 0})
    entry["status"] = status.value
    if status is not Status.NOT_ATTEMPTED:
        entry["attempts"] = int(entry.get("attempts", 0)) + 1
    if status is Status.CORRECT and text is not None:
        entry["answer"] = text
    try:
        with atomic_writer(path()) as file:
            file.write(json.dumps(entries, indent=1).encode())
    except OSError:
        pass


def recall(name: str) -> Callable[..., Any] | None:
    """Return the function that was found right last, made anew from its recorded text."""
    text = load().get(name, {}).get("answer")
    if not isinstance(text, str):
        return None
    scope: dict[str, Any] = {"__name__": "__recalled__"}
    try:
        exec(compile(text, f"<your {name}>", "exec"), scope)  # the learner's own code, from their disk
    except Exception:
        return None
    answer = scope.get(name)
    return answer if callable(answer) else None


def text_of(answer: Any, name: str) -> str | None:
    """Return code that defines the answer anew, with the helpers and imports that it needs.

    None where that cannot be told, for example without the source at hand.
    """
    if not isinstance(answer, types.FunctionType):
        return None
    try:
        pieces = dict(_pieces(answer, set()))
    except (OSError, TypeError, ValueError):
        return None
    if answer.__name__ != name:
        pieces[f"alias {name}"] = f"{name} = {answer.__name__}\n"
    return "\n".join(pieces.values())


def _pieces(function: types.FunctionType, seen: set[str]) -> Iterator[tuple[str, str]]:
    """Yield what a function's text stands on, then the text itself."""
    seen.add(function.__name__)
    for name in sorted(_global_names(function.__code__) - seen):
        if name not in function.__globals__:
            continue  # a builtin, or a mistake that shows when it is called
        seen.add(name)
        value = function.__globals__[name]
        if isinstance(value, types.FunctionType) and value.__module__ == function.__module__:
            yield from _pieces(value, seen)
        else:
            yield name, _definition(name, value)
    source = inspect.getsource(function)
    if source.lstrip() != source or not source.startswith(("def ", "@")):
        raise ValueError("only functions at the top level of a cell can be kept")
    yield function.__name__, source


def _global_names(code: types.CodeType) -> set[str]:
    inner = (part for part in code.co_consts if isinstance(part, types.CodeType))
    own = {i.argval for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return own.union(*map(_global_names, inner))


def _definition(name: str, value: Any) -> str:
    """Return the line that gives a name its value in another notebook."""
    if isinstance(value, types.ModuleType):
        return f"import {value.__name__} as {name}\n"
    if isinstance(value, int | float | str | None):
        return f"{name} = {value!r}\n"
    module, origin = getattr(value, "__module__", None), getattr(value, "__qualname__", "")
    if module in (None, "__main__", "__recalled__") or not origin.isidentifier():
        raise ValueError(f"{name} is neither a plain value nor something to import")
    return f"from {module} import {origin} as {name}\n"
