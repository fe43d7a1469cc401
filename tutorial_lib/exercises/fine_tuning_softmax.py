"""Exercise 3.1: softmax."""

import torch

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import normal
from tutorial_lib.exercises.mistakes import fine_tuning_gradients as mistakes
from tutorial_lib.exercises.solutions import fine_tuning as solutions

softmax = Exercise(
    id="3.1",
    title="From logits to probabilities",
    points=1,
    reference=solutions.softmax,
    cases=lambda generator: {
        "3 examples of 3 ordinary logits": {"logits": normal(generator, 3, 3, spread=2)},
        "5 examples of 4 ordinary logits": {"logits": normal(generator, 5, 4, spread=2)},
        "a single example": {"logits": normal(generator, 1, 6, spread=2)},
        "logits as large as +-1000": {
            "logits": torch.tensor([[1000.0, 999.0, -1000.0], [-1000.0, 0.0, 1000.0]])
            + normal(generator, 2, 3)
        },
        "an example with logits near -1000 beside one with logits near 1000": {
            "logits": torch.tensor([[-1000.0], [1000.0]]) + normal(generator, 2, 4)
        },
    },
    parts=("the table of probabilities",),
    expects="the shape of the logits, no negative values, and rows that sum to 1.",
    known_bugs=(
        KnownBug(
            "over the examples",
            mistakes.softmax_over_examples,
            "Your columns sum to 1, and your rows do not: the examples compete for a class, where "
            "the classes should compete for an example.",
        ),
        KnownBug(
            "over the whole table",
            mistakes.softmax_of_everything,
            "All your values together sum to 1. Each example needs a sum of its own, or its "
            "probabilities shrink when another example comes along.",
        ),
        KnownBug(
            "no maximum",
            mistakes.softmax_without_maximum,
            "The formula is right on paper, but some exponential still overflows: no float has "
            "exp(1000). If you subtract something, the largest logit minus it must not be large. "
            "Infinity divided by infinity is no number.",
        ),
        KnownBug(
            "global maximum",
            mistakes.softmax_with_global_maximum,
            "You subtract one maximum from all rows. A row far below it is then nothing but "
            "exp(-2000), which is 0, and 0 / 0 is no number.",
        ),
        KnownBug(
            "maximum of each column",
            mistakes.softmax_with_column_maximum,
            "You subtract another number from each class, and that changes the differences "
            "between the classes of an example, which are all that counts.",
        ),
        KnownBug(
            "clamped logits",
            mistakes.softmax_of_clamped,
            "Cutting large logits down avoids the overflow, but makes 1000 and 999 equal, and "
            "their difference was what mattered.",
        ),
        KnownBug(
            "not divided",
            mistakes.softmax_not_divided,
            "The exponentials are right, but nothing makes a row of them sum to 1.",
        ),
        KnownBug(
            "logarithms",
            mistakes.log_softmax,
            "These are the logarithms of the probabilities; the probabilities were asked for.",
        ),
        KnownBug(
            "sigmoid instead of exp",
            mistakes.sigmoid_divided,
            "A sigmoid levels off at 1, so two large logits get nearly equal shares however far "
            "they are apart.",
        ),
    ),
    hints=(
        "Begin with one row and the formula as it stands: exponentials, divided by their sum. "
        "Which dimension do you sum over, and what does keepdim=True do?",
        "Add the same number to all logits of a row, and the probabilities stay as they are. So "
        "you may choose the number: which one keeps every exponential at 1 or below?",
        "logits.max(dim=1, keepdim=True).values has each row's largest logit. Subtract it first.",
    ),
    notice="Only differences between the logits of a row count: softmax(z) equals softmax(z + 5).",
)
