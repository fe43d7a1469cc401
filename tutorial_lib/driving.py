"""What is done beside an answer, in its own process, where more than one call is needed.

It returns plain values, so that they can be judged elsewhere: an answer that is marked runs in a
box, and nothing of what the judge knows may be in there. This module holds no solution.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import torch
from torch import Tensor, nn

from tutorial_lib.loop import TrainingDiverged
from tutorial_lib.minimise import Call, watching, without_bars
from tutorial_lib.nesting import filled, leaves

Function = Callable[..., Any]


def drive_training(function: Function, *arguments: Any, in_folder: bool = False) -> Any:
    """Call a function that trains with `minimise`, and note how it used that.

    Parameters
    ----------
    function : callable
    *arguments
        Of the function.
    in_folder : bool
        Whether to hand it an empty folder as well, as its checkpoint.

    Returns
    -------
    dict
        ``given``, what the function returned; ``diverged``, whether a cost was not finite;
        ``unused``, the place of a parameter that makes no difference to the last cost, or None.
        Or a bool, if ``in_folder``: whether there is a file in it afterwards, or `minimise` was
        not used at all.
    """
    with watching() as calls, without_bars():
        if in_folder:
            with TemporaryDirectory() as folder:
                function(*arguments, f"{folder}/")
                return not calls or any(Path(folder).iterdir())
        try:
            given = function(*arguments)
        except TrainingDiverged:
            return {"given": None, "diverged": True, "unused": None}
    return {"given": given, "diverged": False, "unused": _unused(calls[-1]) if calls else None}


def _unused(call: Call) -> int | None:
    """Return the first parameter that makes no difference to a cost."""

    def loss(moved: int | None) -> float:
        parts = (_copy(part, moved=k == moved) for k, part in enumerate(call.parameters))
        return float(call.loss_and_gradients(*parts)[0])

    return next((k for k in range(len(call.parameters)) if loss(None) == loss(k)), None)


def _copy(part: Any, *, moved: bool) -> Any:
    tensors = (leaf.detach() for _, leaf in leaves("parameter", part))
    # Not only shifted: to a softmax, a weight and the same weight plus 1 are one.
    return filled(part, (2 * t + 0.1 if moved else t.clone() for t in tensors))


def drive_classifier(build: Function, stack: Any, x: Tensor) -> Any:
    """Build a classifier on a stack, and measure what all right ones have in common.

    Parameters
    ----------
    build : callable
        ``build(stack)`` returns an ``nn.Module`` from inputs to logits.
    stack : nn.Module
        With a list ``autoencoders``, each of which has an ``encoder``, and with ``softmax``. Its
        parameters are changed, and put back.
    x : Tensor, (n_examples, n_visible)

    Returns
    -------
    tuple of bool and dict
        Whether it is a module, and what was measured, by what it is; or whatever was built, if it
        is none.
    """
    classifier = build(stack)
    if not isinstance(classifier, nn.Module):
        return False, classifier
    own = {parameter.data_ptr() for parameter in stack.parameters()}
    parameters = list(classifier.parameters())
    logits = classifier(x)
    return True, {
        "the tensor of logits": logits,
        "number of its parameters": sum(parameter.numel() for parameter in parameters),
        "tensors that it shares with the stack": sum(p.data_ptr() in own for p in parameters),
        "numbers that a cost of its logits reaches": _n_reached(logits, parameters),
        "the tensor of logits after a change of the stack": _after_a_change(stack, classifier, x),
    }


def _after_a_change(stack: nn.Module, classifier: nn.Module, x: Tensor) -> Any:
    before = [parameter.detach().clone() for parameter in stack.parameters()]
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.neg_()
        logits = classifier(x)
        for parameter, value in zip(stack.parameters(), before, strict=True):
            parameter.copy_(value)
    return logits


def _n_reached(logits: Any, parameters: Sequence[nn.Parameter]) -> int:
    """Count the numbers that a gradient of the logits arrives at."""
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    if not (trained and isinstance(logits, Tensor) and logits.requires_grad):
        return 0
    gradients = torch.autograd.grad(logits.square().sum(), trained, allow_unused=True)
    pairs = zip(trained, gradients, strict=True)
    return sum(p.numel() for p, gradient in pairs if gradient is not None)


class NotInTheBox(ImportError):
    """The library's own version of something: where this is raised, only the student's counts."""


class _Layer(nn.Module):
    """One autoencoder of a `Stack`, as far as a classifier needs it."""

    def __init__(self, parameters: Mapping[str, nn.Parameter]) -> None:
        super().__init__()
        self.encoder = _linear(parameters, "encoder.")
        for name in (name for name in parameters if "." not in name):
            self.register_parameter(name, parameters[name])

    def encode(self, x: Tensor) -> Tensor:
        """Return the code of x."""
        return torch.sigmoid(self.encoder(x))


class Stack(nn.Module):
    """What exercise 3.6 tells of a `StackedAutoencoder`, and little more.

    Parameters
    ----------
    tensors : mapping from name to Tensor
        Named as in the ``state_dict`` of a `StackedAutoencoder`; they are copied.
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        parameters = {name: nn.Parameter(tensor.clone()) for name, tensor in tensors.items()}
        self.autoencoders = nn.ModuleList()
        self.softmax = _linear(parameters, "softmax.")
        while own := _below(parameters, f"autoencoders.{self.depth}."):
            self.autoencoders.append(_Layer(own))

    @property
    def depth(self) -> int:
        """Number of autoencoders."""
        return len(self.autoencoders)

    def layers(self) -> list[nn.Module]:
        """Return the autoencoders, from input to top."""
        return list(self.autoencoders)

    def encode(self, x: Tensor) -> Tensor:
        """Return the top code of x."""
        for layer in self.autoencoders:
            x = layer.encode(x)  # type: ignore[operator]
        return x

    @property
    def classifier(self) -> NoReturn:
        """Say that this is what the exercise asks for."""
        raise NotInTheBox("stack.classifier is the library's own answer to this exercise.")


def _below(parameters: Mapping[str, nn.Parameter], prefix: str) -> dict[str, nn.Parameter]:
    """Return the parameters whose names begin so, by the rest of their names."""
    named = parameters.items()
    return {name.removeprefix(prefix): p for name, p in named if name.startswith(prefix)}


def _linear(parameters: Mapping[str, nn.Parameter], prefix: str) -> nn.Linear:
    own = _below(parameters, prefix)
    n_out, n_in = own["weight"].shape
    linear = nn.Linear(n_in, n_out, bias="bias" in own)
    for name, parameter in own.items():
        setattr(linear, name, parameter)
    return linear
