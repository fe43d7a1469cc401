"""Call a learner's function on one case and note everything it did.

The call gets copies, so that what it does to its arguments shows, and harms nobody.
"""

import contextlib
import copy
import io
import linecache
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import torch
from torch import Tensor

from tutorial_lib.exercises.values import Parts, WrongStructure, take_apart

Case = Mapping[str, Any]
Observe = Callable[..., Any]


@dataclass
class Run:
    """What one call did.

    Attributes
    ----------
    parts : dict
        Copies of what it returned, by name.
    structure : str
        What is wrong with the form of the result, or "".
    changed, shared : list of str
        Arguments that the call changed, and those whose memory the result uses.
    error : Exception or None
    printed : str
    returned : list of (Tensor, Tensor)
        Each returned tensor and its copy, to see whether a later call changes it.
    """

    parts: Parts = field(default_factory=dict)
    structure: str = ""
    changed: list[str] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)
    error: Exception | None = None
    printed: str = ""
    returned: list[tuple[Tensor, Tensor]] = field(default_factory=list)

    @property
    def overwritten(self) -> bool:
        """Whether a returned tensor has changed since it was returned."""
        return any(not _same(now, then) for now, then in self.returned)


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what the function returns: the plain way to observe it."""
    return function(*arguments)


def run(function: Callable[..., Any], case: Case, names: Sequence[str], observe: Observe) -> Run:
    """Call a function on copies of a case; whatever happens is in the result, never raised."""
    result = Run()
    arguments = {name: fresh(value) for name, value in case.items()}
    printed = io.StringIO()
    try:
        with _undisturbed(), contextlib.redirect_stdout(printed):
            value = observe(function, *arguments.values())
        result.returned = [(tensor, tensor.detach().clone()) for tensor in tensors_in(value)]
        result.parts = {
            name: leaf.detach().clone() if isinstance(leaf, Tensor) else leaf
            for name, leaf in take_apart(value, names).items()
        }
    except WrongStructure as error:
        result.structure = str(error)
    except (Exception, SystemExit) as error:
        result.error = error if isinstance(error, Exception) else RuntimeError("it called exit()")
    result.printed = printed.getvalue()
    result.changed = [name for name in case if _changed(case[name], arguments[name])]
    result.shared = [name for name in case if _share(arguments[name], result.returned)]
    return result


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep the learner's random numbers as they are, and warnings out of the verdict."""
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings(), torch.enable_grad():
        warnings.simplefilter("ignore")
        yield


def fresh(value: Any) -> Any:
    """Copy an argument, deeply; a generator keeps its state."""
    if isinstance(value, torch.Generator):
        return value.clone_state()
    if isinstance(value, list | tuple):
        return type(value)(fresh(part) for part in value)
    return copy.deepcopy(value)


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Yield the tensors of a nested result."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, torch.nn.Module):
        yield from value.parameters()
    elif isinstance(value, dict):
        for part in value.values():
            yield from tensors_in(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from tensors_in(part)


def _same(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and torch.equal(torch.nan_to_num(a), torch.nan_to_num(b))


def _changed(before: Any, after: Any) -> bool:
    old, new = list(tensors_in(before)), list(tensors_in(after))
    return len(old) != len(new) or not all(_same(a, b) for a, b in zip(old, new, strict=True))


def _share(argument: Any, returned: list[tuple[Tensor, Tensor]]) -> bool:
    ours = {tensor.untyped_storage().data_ptr() for tensor in tensors_in(argument)} - {0}
    return any(tensor.untyped_storage().data_ptr() in ours for tensor, _ in returned)


def describe_error(error: Exception, function: Callable[..., Any]) -> str:
    """Say what was raised, and at which line of the learner's own."""
    text = f"{type(error).__name__}: {error}".strip()
    place = _own_line(error.__traceback__, function)
    return f"{text}\n\n    {place}" if place else text


def _own_line(traceback: TracebackType | None, function: Callable[..., Any]) -> str:
    """The last line on the way to the error that stands in the learner's file or cell."""
    code = getattr(function, "__code__", None)
    place = ""
    while traceback is not None and code is not None:
        frame = traceback.tb_frame
        name = frame.f_code.co_filename
        if name == code.co_filename or "ipykernel_" in name:
            line = linecache.getline(name, traceback.tb_lineno).strip()
            place = f"line {traceback.tb_lineno}, in {frame.f_code.co_name}: {line}"
        traceback = traceback.tb_next
    return place
