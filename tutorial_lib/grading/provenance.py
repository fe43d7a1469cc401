"""What a verdict depends on besides the submission: versions, code, the course's secret."""

import hashlib
import hmac
import json
import platform
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]


@cache
def versions() -> Mapping[str, str]:
    """Return the versions of what judges, and a fingerprint of our own code."""
    code = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        code.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    packages = {name: _version(name) for name in ("tutorial-lib", "torch", "numpy")}
    return {**packages, "python": platform.python_version(), "code": code.hexdigest()[:16]}


def require_same(others: Mapping[str, str]) -> None:
    """Raise a RuntimeError if another process that work comes from has other versions."""
    if dict(others) != dict(versions()):
        raise RuntimeError(
            f"this process has {dict(versions())}, the one that sends work has {dict(others)}; "
            "install the same versions everywhere"
        )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # the tree as it lies, on the path
        return "not installed"


def key_of(student: str, files: Sequence[tuple[str, bytes]], secret: bytes, **settings: Any) -> str:
    """Return a fingerprint of all that a student's verdicts depend on.

    Parameters
    ----------
    student : str
    files : sequence of (str, bytes)
    secret : bytes
        The course's; it cannot be told from the fingerprint.
    **settings
        Limits, level of the sandbox, remarks, what was not read: plain values.
    """
    told = {
        "student": student,
        "files": [[name, hashlib.sha256(data).hexdigest()] for name, data in files],
        "versions": dict(versions()),
        **settings,
    }
    text = json.dumps(told, sort_keys=True, ensure_ascii=True)
    return hmac.digest(secret, text.encode(), hashlib.sha256).hex()
