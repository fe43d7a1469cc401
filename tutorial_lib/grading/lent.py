"""The judge's functions as an answer in the box has them: to call, and to differentiate.

Numbers cross, and autograd's graph does not; so the judge is asked a second time, for gradients.
"""

from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Any, NoReturn

from torch import Tensor
from torch.autograd import Function

from tutorial_lib.nesting import filled, leaves

Call = Callable[..., tuple[Any, ...]]


def differentiable(
    function: Callable[..., Any], gradients: Callable[..., Any] | None
) -> Callable[..., Any]:
    """Return a function whose results autograd can differentiate, once.

    Parameters
    ----------
    function : callable
        What it calls.
    gradients : callable or None
        ``gradients(cotangents, arguments, options)`` returns the gradient for each leaf of the
        arguments and of the values of the options, None for what has none. Cotangents are the
        gradients for the leaves of the result. None: the results have none.
    """
    if gradients is None:
        return function

    def called(*arguments: Any, **options: Any) -> Any:
        nested = [list(arguments), list(options.values())]
        given, names = _form_of(nested), tuple(options)
        forms = []

        def parted(values: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
            arguments, named = filled(given, iter(values))
            return arguments, dict(zip(names, named, strict=True))

        def call(*values: Any) -> tuple[Any, ...]:
            arguments, options = parted(values)
            result = function(*arguments, **options)
            forms.append(_form_of(result))
            return _leaves_of(result)

        def pull_back(*told: Any) -> tuple[Any, ...]:
            n_results = len(_leaves_of(forms[0]))
            return tuple(gradients(list(told[:n_results]), *parted(told[n_results:])))

        attached = _in_graph(call, pull_back, *_leaves_of(nested))
        return filled(forms[0], iter(attached))

    return called


def _leaves_of(value: Any) -> tuple[Any, ...]:
    return tuple(leaf for _, leaf in leaves("", value))


def _form_of(value: Any) -> Any:
    """Return how a value is nested; the graph keeps that, and no result in a ring with itself."""
    return filled(value, repeat(None))


class _Called(Function):
    """A call, in autograd's graph."""

    @staticmethod
    def forward(call: Call, _: Call, *values: Any) -> tuple[Any, ...]:
        return call(*values)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Any, ...]) -> None:
        _, ctx.pull_back, *values = inputs
        # Saved so that autograd says so when an argument was changed in place meanwhile.
        ctx.save_for_backward(*(value for value in values if isinstance(value, Tensor)))
        ctx.others = [None if isinstance(value, Tensor) else (value,) for value in values]

    @staticmethod
    def backward(ctx: Any, *cotangents: Any) -> tuple[Any, ...]:
        saved = iter(ctx.saved_tensors)
        values = [next(saved) if other is None else other[0] for other in ctx.others]
        # As a call in the graph itself: `torch.func` lets plain tensors through nowhere else.
        return None, None, *_in_graph(ctx.pull_back, _refuse, *cotangents, *values)


_in_graph: Call = _Called.apply


def _refuse(*_: Any) -> NoReturn:
    raise RuntimeError("Of what the library's version returns there is no second derivative.")
