"""The learner's own record: which exercises are done, and the text of right answers.

A local file, ``progress.json`` beside the notebook (or where the environment variable
TUTORIAL_PROGRESS says). It is a convenience: deleting it harms nothing, and no mark comes from it.
"""

import contextlib
import json
import linecache
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tutorial_lib.exercises.outcome import Status
from tutorial_lib.exercises.source import RECALLED, definition
from tutorial_lib.files import atomic_writer

Entry = dict[str, Any]


def path() -> Path:
    """Return where the record is kept."""
    return Path(os.environ.get("TUTORIAL_PROGRESS") or "progress.json")


def load() -> dict[str, Entry]:
    """Return the record by name of the exercise; a missing or broken file is an empty record."""
    try:
        entries = json.loads(path().read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(entries, dict):
        return {}
    return {name: entry for name, entry in entries.items() if isinstance(entry, dict)}


def note(name: str, status: Status, text: str | None) -> None:
    """Add a verdict; a folder that cannot be written to is no reason to disturb the learner."""
    entries = load()
    entry = entries.setdefault(name, {})
    if entry.get("status") != Status.CORRECT:  # done is done, and its text is kept
        entry["status"] = status.value
    if status is Status.CORRECT and text is not None:
        entry["answer"] = text
    with contextlib.suppress(OSError), atomic_writer(path()) as file:
        file.write(json.dumps(entries, indent=1).encode())


def is_done(name: str) -> bool:
    """Tell whether an answer was found right, now or earlier."""
    return load().get(name, {}).get("status") == Status.CORRECT


def text_of(answer: Any, name: str) -> str | None:
    """Return code that defines the answer anew; None where that cannot be told."""
    try:
        return definition(answer, name)
    except Exception:  # what stands in a notebook may be anything; it is only not kept then
        return None


def recall(name: str) -> Callable[..., Any] | None:
    """Return the function that was found right last, made anew from its recorded text."""
    text = load().get(name, {}).get("answer")
    if not isinstance(text, str):
        return None
    file = f"<your {name}>"
    scope: dict[str, Any] = {"__name__": RECALLED}
    try:
        exec(compile(text, file, "exec"), scope)  # the learner's own code, from their own disk
    except KeyboardInterrupt:
        raise
    except BaseException:  # whatever it is, it is no answer any more
        return None
    # Its lines, for a traceback, and for the text of an answer that calls it.
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    answer = scope.get(name)
    return answer if callable(answer) else None
