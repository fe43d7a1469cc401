"""Who handed in a file, by its name; and file names that no student can misuse."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath

_LONG = 200
# lastfirst_LATE_12345_67890_original-name.ipynb
_CANVAS = re.compile(
    r"(?P<name>[^_]+)(?P<late>_LATE)?_(?P<number>[1-9]\d{2,})_[1-9]\d{2,}_(?P<rest>.+)", re.ASCII
)
# Full Name_12345_assignsubmission_file_/…, or with the file's name after the last underscore
_MOODLE = re.compile(
    r"(?P<name>.+?)(?P<late>_LATE)?_(?P<number>\d+)_assignsubmission_[a-z]+_?(?P<rest>.*)", re.ASCII
)
# Lower case only: on many disks `Ann.html` and `ann.html` are one file.
_ORDINARY = re.compile(r"[a-z0-9](?:[a-z0-9._@-]{0,78}[a-z0-9])?", re.ASCII)
_WINDOWS = re.compile(r"(?:con|prn|aux|nul|clock\$|com\d|lpt\d)(?:\..*)?", re.ASCII)
# Letters that look like Latin ones, after case and accents are gone.
_LOOK_ALIKES = str.maketrans(
    {
        **dict(zip("\u0430\u0435\u043e\u0440\u0441\u0443\u0445", "aeopcyx", strict=True)),
        **dict(zip("\u0456\u0458\u0455\u0501\u04bb\u0475\u051b\u051d", "ijsdhvqw", strict=True)),
        **dict(zip("\u043a\u043c\u043d\u0442\u0432\u0433", "kmhtbr", strict=True)),
        **dict(zip("\u03b1\u03bf\u03c1\u03bd\u03b9\u03ba\u03c4\u03c5", "aopviktu", strict=True)),
        **dict(zip("\u0131\u026101l|", "igoiii", strict=True)),
    }
)
# What systems and editors leave behind, and the course and nbgrader beside notebooks.
_LITTER = {"__macosx", ".ds_store", ".ipynb_checkpoints", "desktop.ini", "thumbs.db", ".git"}
_FILES_OF_LITTER = ("progress.json", "timestamp.txt", ".checkpoint")
_SECOND_SUFFIX = re.compile(r"\.(ipynb|tar)$", re.IGNORECASE)  # `ann.ipynb.txt`, `ann.tar.gz`


@dataclass(frozen=True)
class Identity:
    """What the name of a file or folder says about its owner.

    Attributes
    ----------
    name : str
        The student, as far as the name says.
    number : str
        By which a learning platform knows the student, or empty.
    late : bool
    rest : str
        What is left for the file's own name.
    """

    name: str
    number: str = ""
    late: bool = False
    rest: str = ""


def identity_of(name: str, *, flat: bool) -> Identity:
    """Return whose file or folder a name belongs to.

    Parameters
    ----------
    name : str
        Of a folder, or of a file that lies in none.
    flat : bool
        Whether it is a file, in which the student is what stands before the first ``_``.
    """
    found = _MOODLE.fullmatch(name) or (_CANVAS.fullmatch(name) if flat else None)
    if found:
        return Identity(found["name"], found["number"], bool(found["late"]), found["rest"])
    if not flat:
        return Identity(name)
    student, underscore, rest = name.partition("_")
    stem = _SECOND_SUFFIX.sub("", PurePosixPath(name).stem)
    return Identity(student, rest=rest) if underscore else Identity(stem)


def skeleton(name: str) -> str:
    """Return what is left of a name for a tired eye: no case, accents, spaces, look-alikes."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    kept = (c for c in unicodedata.normalize("NFKD", plain) if unicodedata.category(c)[0] in "LNPS")
    return "".join(kept).translate(_LOOK_ALIKES)


def has_hidden_signs(name: str) -> bool:
    """Return whether a name holds what is not seen, or turns the direction of reading."""
    return not name.isprintable() or name != name.strip()


def shown(name: str) -> str:
    """Return a name as it can be printed and stored: one line, not endless, still its own.

    What cannot be seen is written as a number; such a name, and a long one, gets a digest, so that
    two of them stay two.
    """
    if name.isprintable() and len(name) <= _LONG:
        return name
    visible = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in name[:60])
    return f"{visible}~{_digest(name)[:16]}"


def safe_name(student: str) -> str:
    """Return a file name without suffix for a student: harmless everywhere, and nobody else's.

    An ordinary name, such as ``ann.smith``, stays. Any other keeps its letters and gets a digest
    after ``~``, which no ordinary name has.
    """
    if _ORDINARY.fullmatch(student) and not _WINDOWS.fullmatch(student):
        return student
    letters = unicodedata.normalize("NFKD", student[:300]).encode("ascii", "ignore").decode()
    words = "-".join(re.findall(r"[A-Za-z0-9]+", letters))[:40] or "student"
    # As long as this, because a student may look for two names with the same digest.
    return f"{words}~{_digest(student)[:32]}"


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def is_litter(parts: tuple[str, ...]) -> bool:
    """Return whether a program made a file beside the notebooks, not a student."""
    in_litter = any(part.casefold() in _LITTER or part.startswith("._") for part in parts)
    return in_litter or parts[-1].casefold().endswith(_FILES_OF_LITTER)
