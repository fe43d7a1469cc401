"""What the tests of exercises share: stubs, and answers that no learner means to give."""

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Function = Callable[..., Any]


def stub_of(reference: Function) -> str:
    """Return a function's text with nothing but the docstring and ``...`` in its body."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(reference)))
    (function,) = tree.body
    assert isinstance(function, ast.FunctionDef)
    function.body = [function.body[0], ast.Expr(ast.Constant(...))]
    return ast.unparse(tree) + "\n"


def made_from(text: str, name: str) -> Function:
    """Run a cell's text and return what it defines."""
    scope: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(text, f"<cell of {name}>", "exec"), scope)
    return scope[name]


class Liar:
    """Equal to everything, less than nothing."""

    def __eq__(self, other: object) -> bool:
        return True

    def __bool__(self) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __float__(self) -> float:
        raise RuntimeError("asked for a number")

    def __repr__(self) -> str:
        raise RuntimeError("asked for a picture of itself")

    @property
    def __class__(self) -> type:  # type: ignore[override]
        return Tensor


class Subclass(Tensor):
    """A tensor that claims to be close to anything."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function in (torch.allclose, torch.equal):
            return True
        return super().__torch_function__(function, types, args, kwargs or {})


def each_leaf(value: Any, change: Callable[[Any], Any]) -> Any:
    """Change every tensor and number of a nested result."""
    if isinstance(value, list | tuple):
        return type(value)(each_leaf(part, change) for part in value)
    return change(value)


def filled(number: float) -> Callable[[Any], Any]:
    """Return a change of every value into one number, with the right shape where it can be."""

    def change(leaf: Any) -> Any:
        if isinstance(leaf, Tensor) and leaf.is_floating_point():
            return torch.full_like(leaf, number)
        return torch.full((2, 2), number) if isinstance(leaf, Tensor) else number

    return change


def hostile_answers(reference: Function) -> dict[str, Function]:
    """Return answers that are wrong in ways that have nothing to do with the exercise."""

    def changed(change: Callable[[Any], Any]) -> Function:
        return lambda *arguments: each_leaf(reference(*arguments), change)

    def returning(value: Any) -> Function:
        return lambda *arguments: value

    def raising(*arguments):
        raise ValueError("<script>alert('no')</script> & nothing else")

    def raising_anything(*arguments):
        raise BaseException("rare")

    def recursing(*arguments):
        return recursing(*arguments)

    def leaving(*arguments):
        sys.exit(3)

    def yielding(*arguments):
        yield reference(*arguments)

    def spoiling(*arguments):
        result = reference(*arguments)
        if not spoil(arguments):
            raise TypeError("numbers and generators cannot be spoilt")
        return result

    def subclassed(leaf: Any) -> Any:
        return leaf.as_subclass(Subclass) if isinstance(leaf, Tensor) else Subclass(2, 3)

    endless: list[Any] = []
    endless.append(endless)
    return {
        "None": returning(None),
        "wrong shape": changed(lambda leaf: torch.zeros(2, 3, 1)),
        "NaN": changed(filled(float("nan"))),
        "infinity": changed(filled(float("inf"))),
        "constant": changed(filled(0.5)),
        "zero": changed(filled(0.0)),
        "string": returning("right"),
        "list": returning([1, 2, 3]),
        "empty list": returning([]),
        "endless list": returning(endless),
        "huge number": returning(10**400),
        "dict": returning({"the result": 1}),
        "a lying object": returning(Liar()),
        "a list of liars": returning([Liar()] * 5),
        "a class": Liar,
        "a subclass of Tensor": changed(subclassed),
        "exception": raising,
        "any exception": raising_anything,
        "recursion": recursing,
        "exit": leaving,
        "generator": yielding,
        "spoilt arguments": spoiling,
    }


def spoil(value: Any) -> bool:
    """Change everything that can be changed in place; return whether there was anything."""
    if isinstance(value, Tensor):
        value.data.add_(1)
        return True
    if isinstance(value, torch.nn.Module):
        return spoil(list(value.parameters()))
    if isinstance(value, list | tuple):
        spoilt = [spoil(part) for part in value]
        if isinstance(value, list):
            value.append(0)
        return any(spoilt) or isinstance(value, list)
    return False


def reusing_memory(reference: Function) -> Function:
    """Return a right answer that writes its tensors to the same memory in every call."""
    kept: dict[Any, Tensor] = {}

    def keep(leaf: Any) -> Any:
        if not isinstance(leaf, Tensor):
            return leaf
        place = kept.setdefault((next(count), leaf.shape), torch.empty_like(leaf))
        return place.copy_(leaf)

    def answer(*arguments):
        nonlocal count
        count = iter(range(1000))
        return each_leaf(reference(*arguments), keep)

    count = iter(range(0))
    return answer
