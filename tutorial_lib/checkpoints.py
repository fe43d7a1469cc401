"""Save and load training state: atomically, verified, and without pickle.

A checkpoint is one file: the SHA-256 of all that follows, as a line of hexadecimal digits, then a
NumPy archive with the tensors and a JSON outline of the nested state that they belong to. Loading
it runs no code from the file. The line matters: the archive alone would not always notice a
flipped bit, and a wrong weight is worse than a missing file.
"""

import hashlib
import io
import json
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tutorial_lib.files import atomic_writer

_OUTLINE = "outline"


class CheckpointError(RuntimeError):
    """A checkpoint cannot be used; the message says why and what to do."""


def checkpoint_file(place: str | Path, title: str, *told: object) -> Path:
    """Return the file that a checkpoint is kept in.

    Parameters
    ----------
    place : str or Path
        A file, or a folder: a name without a suffix, or one that ends in a slash.
    title : str
        Names the file in a folder, for people.
    *told : objects
        Their text decides which file in a folder: other settings, another file.
    """
    path = Path(place)
    if path.suffix and not path.is_dir() and not str(place).endswith(("/", os.sep)):
        return path
    words = "-".join(re.findall(r"\w+", title.lower()))
    fingerprint = hashlib.sha256(repr(told).encode()).hexdigest()[:12]
    return path / f"{words}-{fingerprint}.checkpoint"


def digest_of(*tensors: Tensor) -> str:
    """Return a short digest of the values of tensors."""
    digest = hashlib.sha256()
    for tensor in tensors:
        # As bytes: NumPy has no bfloat16.
        digest.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]


def _outline(value: Any, arrays: dict[str, np.ndarray[Any, Any]]) -> Any:
    """Return ``value`` as JSON can hold it, its tensors moved to ``arrays``."""
    if isinstance(value, Tensor):
        name = f"t{len(arrays)}"
        arrays[name] = value.detach().cpu().numpy()
        return {"tensor": name}
    if isinstance(value, dict):
        # Pairs, because JSON would turn the integer keys of an optimiser's state into text.
        return {"dict": [[key, _outline(item, arrays)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        return [_outline(item, arrays) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(
        f"A checkpoint cannot hold a {type(value).__name__}; expected tensors, numbers, text, "
        "lists and dictionaries of them."
    )


def _rebuild(value: Any, arrays: Any) -> Any:
    if isinstance(value, list):
        return [_rebuild(item, arrays) for item in value]
    if isinstance(value, dict):
        if "tensor" in value:
            # Cloned, because NumPy aligns memory less strictly than PyTorch, and on some machines
            # the last bit of a dot product depends on the alignment.
            return torch.from_numpy(arrays[value["tensor"]]).clone()
        return {key: _rebuild(item, arrays) for key, item in value["dict"]}
    return value


def save_checkpoint(path: str | Path, state: dict[str, Any]) -> None:
    """Write a nested state to a file, atomically.

    Parameters
    ----------
    path : str or Path
        Its folder is made if missing; an older checkpoint there is replaced.
    state : dict
        Tensors, numbers, text and None in dictionaries and lists. Tuples come back as lists.

    Raises
    ------
    TypeError
        If the state holds anything else.
    CheckpointError
        If the file cannot be written.
    """
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    outline = json.dumps(_outline(state, arrays))
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{_OUTLINE: np.array(outline)}, **arrays)
    payload = buffer.getbuffer()
    try:
        with atomic_writer(Path(path)) as file:
            file.write(hashlib.sha256(payload).hexdigest().encode() + b"\n")
            file.write(payload)
    except OSError as error:
        raise CheckpointError(
            f"Could not save the checkpoint {path}: {error.strerror or error}. Free some space or "
            "choose another folder; the previous checkpoint, if any, is unharmed."
        ) from error


def load_checkpoint(path: str | Path) -> dict[str, Any]:
    """Read a state back, after verifying every byte of it.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    dict, as it was given to `save_checkpoint`; tensors are on the CPU.

    Raises
    ------
    CheckpointError
        If the file is missing, unreadable or damaged.
    """
    try:
        digest, _, payload = Path(path).read_bytes().partition(b"\n")
    except OSError as error:
        raise CheckpointError(f"Cannot read {path}: {error.strerror or error}.") from error
    if digest != hashlib.sha256(payload).hexdigest().encode():
        raise CheckpointError(
            f"{path} is no checkpoint or is damaged: its content does not match its SHA-256. "
            "Delete it and train again."
        )
    try:
        with np.load(io.BytesIO(payload), allow_pickle=False) as arrays:
            outline = json.loads(str(arrays[_OUTLINE][()]))
            state: dict[str, Any] = _rebuild(outline, dict(arrays))
        if not isinstance(state, dict):
            raise TypeError(f"it holds a {type(state).__name__}")
    except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path} is not a checkpoint of this library: {error}.") from None
    return state


def save_model(path: str | Path, model: torch.nn.Module) -> None:
    """Write the parameters of a model to a file; see `save_checkpoint`."""
    save_checkpoint(path, dict(model.state_dict()))


def _described(state: dict[str, Any], name: str) -> str:
    if name not in state:
        return "nothing"
    value = state[name]
    return str(tuple(value.shape)) if isinstance(value, Tensor) else f"a {type(value).__name__}"


def load_model(path: str | Path, model: torch.nn.Module) -> None:
    """Fill a model with the parameters of a file.

    Parameters
    ----------
    path : str or Path
    model : nn.Module
        Of the same sizes as the one saved; unchanged when an error is raised.

    Raises
    ------
    CheckpointError
        If the file is missing or damaged, or was saved from a model of other sizes.
    """
    saved, own = load_checkpoint(path), model.state_dict()
    for name in sorted(saved.keys() | own.keys(), key=str):
        given, expected = (_described(state, name) for state in (saved, own))
        if given != expected:
            raise CheckpointError(
                f"{path} holds {given} for {name}, but this model has {expected}; "
                "build the model with the sizes it was saved with."
            )
    model.load_state_dict(saved)
