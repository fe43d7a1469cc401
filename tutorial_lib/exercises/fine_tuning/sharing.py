"""Exercise 3.6: a classifier that shares the stack's tensors."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from tutorial_lib.driving import drive_classifier
from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import uniform
from tutorial_lib.exercises.mistakes import fine_tuning_network as mistakes
from tutorial_lib.exercises.parts import WrongStructure, describe
from tutorial_lib.exercises.solutions import fine_tuning as solutions
from tutorial_lib.stacked import StackedAutoencoder


def _stack(generator: torch.Generator, sizes: list[int], **options: Any) -> StackedAutoencoder:
    """Draw a stack in which no parameter is 0."""
    n_visible, *hidden_sizes = sizes
    stack = StackedAutoencoder(n_visible, hidden_sizes, n_classes=4, generator=generator, **options)
    for parameter in stack.parameters():
        nn.init.normal_(parameter, generator=generator)
    return stack


def _measured(driven: Callable[..., Any], stack: StackedAutoencoder, x: Tensor) -> Any:
    """Return what was measured of a classifier; see `tutorial_lib.driving.drive_classifier`."""
    is_module, built = driven(stack, x)
    if not is_module and built is not ...:
        raise WrongStructure(f"It returned {describe(built)}; expected an nn.Module.")
    return built


classifier_from = Exercise(
    id="3.6",
    title="A second face for the same tensors",
    points=1,
    reference=solutions.classifier_from,
    cases=lambda generator: {
        "a stack of three layers with 4 units everywhere": {
            "stack": _stack(generator, [4, 4, 4, 4]),
            "x": uniform(generator, 5, 4),
        },
        "a stack of two layers, untied, without softmax bias": {
            "stack": _stack(generator, [6, 5, 3], tied=False, softmax_bias=False),
            "x": uniform(generator, 7, 6),
        },
    },
    parts=("the classifier",),
    drive=drive_classifier,
    observe=_measured,
    expects="the logits of softmax on the top code, no parameters but those of the encoders and "
    "the softmax, every one of them the stack's own tensor, and within reach of a gradient.",
    known_bugs=(
        KnownBug(
            "a copy",
            mistakes.classifier_copied,
            "It computes the right thing, with copies of the weights. Train it, and the stack "
            "learns nothing; train the stack, and it learns nothing.",
        ),
        KnownBug(
            "softmax copied",
            mistakes.classifier_with_copied_softmax,
            "The encoders are shared, but the softmax is a copy, and so there are two now.",
        ),
        KnownBug(
            "encoders copied",
            mistakes.classifier_with_copied_encoders,
            "The softmax is shared, but the encoders are copies: the stack's own would never be "
            "fine-tuned.",
        ),
        KnownBug(
            "decoders among its parameters",
            mistakes.classifier_with_decoders,
            "It holds the whole stack, and so an optimiser would also be handed the decoders and "
            "visible biases, which no label ever reaches.",
        ),
        KnownBug(
            "encoders in a plain list",
            mistakes.classifier_with_plain_list,
            "Its parameters are those of the softmax alone: PyTorch does not look into a plain "
            "list for layers. The encoders would not be trained.",
        ),
        KnownBug(
            "no gradient reaches the encoders",
            mistakes.classifier_with_detached_code,
            "Its logits are right, but no gradient gets past the code: is there a detach() or a "
            "no_grad() in it? Only the softmax would be trained.",
        ),
        KnownBug(
            "no gradient at all",
            mistakes.classifier_without_gradient,
            "Its logits are right, but no gradient gets from them to the parameters: is there a "
            "no_grad(), a detach() or requires_grad=False? It could not be trained.",
        ),
        KnownBug(
            "softmax of its own",
            mistakes.classifier_with_new_softmax,
            "The encoders are shared, but the softmax is a new layer with random weights. The "
            "stack has one that was trained.",
        ),
        KnownBug(
            "softmax forgotten",
            mistakes.classifier_without_softmax,
            "It ends with the code. The logits come from the stack's softmax layer, on top of it.",
        ),
        KnownBug(
            "sigmoid before each encoder",
            mistakes.classifier_with_sigmoid_first,
            "The sigmoids stand before the encoders. The pixels go in as they are, and what an "
            "encoder puts out is squashed.",
        ),
        KnownBug(
            "ReLU instead of sigmoid",
            mistakes.classifier_with_relu,
            "A ReLU follows each encoder. They were trained with the sigmoid.",
        ),
        KnownBug(
            "the stack itself",
            mistakes.classifier_is_stack,
            "You returned the stack as it is. Called, it rebuilds its input, and its decoders are "
            "among its parameters.",
        ),
        KnownBug(
            "from top to bottom",
            mistakes.classifier_from_top,
            "The encoders stand in reverse order. The first of them takes the pixels.",
        ),
        KnownBug(
            "no sigmoid",
            mistakes.classifier_without_sigmoid,
            "Between the encoders nothing squashes the sums. An encoder here is only the linear "
            "part of a layer.",
        ),
        KnownBug(
            "reconstructions passed upward",
            mistakes.classifier_of_reconstructions,
            "You chained whole autoencoders, and calling one of them encodes and decodes. What "
            "goes up is the code.",
        ),
        KnownBug(
            "probabilities instead of logits",
            mistakes.classifier_with_probabilities,
            "It returns probabilities. The cost takes logits, and would apply softmax once more.",
        ),
        KnownBug(
            "logits squashed",
            mistakes.classifier_with_squashed_logits,
            "A sigmoid follows the last layer as well; logits are to be left as they are.",
        ),
    ),
    hints=(
        "Which objects compute the code? For each autoencoder in stack.autoencoders it is "
        "autoencoder.encoder, an nn.Linear, followed by a sigmoid.",
        "Assigning or listing an nn.Linear does not copy it. torch.nn.Sequential calls its layers "
        "one after the other, and torch.nn.Sigmoid() is a layer.",
        "Collect in a list, for each autoencoder, its encoder and a torch.nn.Sigmoid(); end with "
        "stack.softmax; return torch.nn.Sequential(*layers).",
    ),
    notice="No number was copied: whoever trains one face trains the other.",
)
