"""Call a learner's function on one case and note everything it did.

The call gets copies, so that what it does to its arguments shows, and harms nobody.
"""

import contextlib
import io
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from typing import Any

import torch
from torch import Tensor

from tutorial_lib.exercises.arguments import fresh, same, same_tensor, storages, tensors_in
from tutorial_lib.exercises.blame import own_line
from tutorial_lib.exercises.parts import (
    Parts,
    WrongStructure,
    describe,
    is_plain,
    measured,
    take_apart,
)
from tutorial_lib.exercises.wording import LONGEST_QUOTE

Case = Mapping[str, Any]
Observe = Callable[..., Any]
Drive = Callable[..., Any]


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
    overwritten : bool
        Whether another call of the same function uses the memory of the result.
    error : BaseException or None
    printed : str
        What it printed, its beginning: more than is ever shown, not all of an endless loop's.
    returned : list of (Tensor, Tensor)
        Each returned tensor and its copy, to see whether a later call changes it.
    """

    parts: Parts = field(default_factory=dict)
    structure: str = ""
    changed: list[str] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)
    overwritten: bool = False
    error: BaseException | None = None
    printed: str = ""
    returned: list[tuple[Tensor, Tensor]] = field(default_factory=list)

    @property
    def memory(self) -> set[int]:
        """Where the returned tensors keep their values."""
        return storages(tensor for tensor, _ in self.returned)

    @property
    def is_ellipsis(self) -> bool:
        """Whether the function returned the ``...`` of its stub."""
        return bool(self.parts) and all(value is ... for value in self.parts.values())


class _Printed(io.StringIO):
    """Keeps the beginning of what is printed; a loop without end would fill the memory."""

    def write(self, text: str) -> int:
        super().write(text[: max(0, 2 * LONGEST_QUOTE - self.tell())])
        return len(text)


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what the function returns: the plain way to observe it."""
    return function(*arguments)


def run(
    function: Callable[..., Any],
    case: Case,
    names: Sequence[str],
    observe: Observe,
    drive: Drive | None = None,
) -> Run:
    """Call a function on copies of a case; whatever happens is in the result, never raised.

    Except for a KeyboardInterrupt: that is the learner, who has waited long enough. What is
    observed is the function, or what ``drive`` does with it. A function in another process is
    driven there, and is told by its method ``begin_case`` that a case begins.
    """
    result, printed = Run(), _Printed()
    arguments = {name: fresh(value) for name, value in case.items()}
    watched = _Watched(function)
    observed: Callable[..., Any] = watched
    begin_case = getattr(function, "begin_case", None)
    if drive is not None and begin_case is None:
        observed = partial(drive, watched)
    try:
        with _undisturbed(printed):
            if begin_case is not None:
                begin_case()
            value = observe(observed, *arguments.values())
            result.returned = [(tensor, tensor.detach().clone()) for tensor in tensors_in(value)]
            by_itself = observe is not call and isinstance(value, dict)
            parts = measured(value) if by_itself else take_apart(value, names)
            result.parts = {
                name: leaf.detach().clone() if is_plain(leaf) else leaf
                for name, leaf in parts.items()
            }
    except KeyboardInterrupt:
        raise
    except WrongStructure as error:
        result.structure = str(error)
    except BaseException as error:  # sys.exit() too is only an error of the answer
        _blame(result, error, watched)
    result.printed = printed.getvalue()
    result.changed = [name for name in case if not same(case[name], arguments[name])]
    # A list that was changed may hold anything, even itself.
    result.shared = [
        name
        for name in case
        if name not in result.changed and storages(tensors_in(arguments[name])) & result.memory
    ]
    return result


class _Watched:
    """A function that remembers what it returned last."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.returned: list[Any] = []

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        value = self.function(*arguments, **options)
        self.returned = [value]
        return value


def _blame(result: Run, error: BaseException, watched: _Watched) -> None:
    """Note an error of the function, or say that what it returned could not be used."""
    if watched.returned and not own_line(error, watched.function):
        (value,) = watched.returned
        name = type(error).__name__
        result.structure = f"It returned {describe(value)}, which cannot be used here ({name})."
    else:
        result.error = error


@contextlib.contextmanager
def _undisturbed(printed: io.StringIO) -> Iterator[None]:
    """Keep PyTorch's default dtype and random numbers as they are, and noise out of the verdict.

    Numbers that PyTorch draws without a generator are the same in every call, so that a verdict
    does not depend on what the notebook drew before. NumPy's and Python's own dice, the default
    device and the number of threads are as the answer leaves them.
    """
    dtype = torch.get_default_dtype()
    with (
        torch.random.fork_rng(devices=[]),
        warnings.catch_warnings(),
        torch.enable_grad(),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        torch.default_generator.manual_seed(0)
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)


def mark_overwritten(runs: Iterable[Run]) -> None:
    """Note which results other calls of the same function overwrote, or would overwrite.

    Memory that two results have in common tells it even where both calls wrote the same values.
    """
    runs = list(runs)
    for run in runs:
        run.overwritten = not all(same_tensor(then, now) for now, then in run.returned)
    for one, other in combinations(runs, 2):
        if one.memory & other.memory:
            one.overwritten = other.overwritten = True
