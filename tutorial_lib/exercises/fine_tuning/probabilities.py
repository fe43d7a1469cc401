"""Exercise 3.1: softmax."""

from functools import partial

import torch

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import normal
from tutorial_lib.exercises.mistakes import fine_tuning_softmax as mistakes
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
        "a single example with logits near -1000": {"logits": normal(generator, 1, 4) - 1000},
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
            "divided by the sum of everything",
            mistakes.softmax_divided_by_total,
            "You divide by the sum over all examples and classes. Each row needs a sum of its "
            "own: over which dimension?",
        ),
        KnownBug(
            "divided by the sums of the columns",
            mistakes.softmax_divided_by_columns,
            "You sum over dimension 0, which runs through the examples. The sum runs through the "
            "classes of one example.",
        ),
        KnownBug(
            "no keepdim in the sum",
            partial(mistakes.softmax_without_keepdim, in_maximum=False),
            "The sums of the rows have the shape (n_examples,), and PyTorch lays such a tensor "
            "along the columns. It divides the wrong entries, or finds that the sizes do not fit.",
        ),
        KnownBug(
            "no keepdim in the sum, and no maximum",
            partial(mistakes.softmax_without_keepdim, in_maximum=None),
            "Without keepdim=True the sums lose a dimension, and PyTorch divides the columns by "
            "them, not the rows. (And large logits will overflow.)",
        ),
        KnownBug(
            "no keepdim in the maximum",
            partial(mistakes.softmax_without_keepdim, in_maximum=True, in_sum=False),
            "The largest logits of the rows have the shape (n_examples,), and PyTorch subtracts "
            "such a tensor from the columns. Keep the dimension, and it fits the rows.",
        ),
        KnownBug(
            "no keepdim twice",
            partial(mistakes.softmax_without_keepdim, in_maximum=True),
            "Neither the maximum nor the sum keeps its dimension, so both are laid along the "
            "columns instead of the rows.",
        ),
        KnownBug(
            "minimum subtracted",
            mistakes.softmax_with_minimum,
            "You subtract each row's smallest logit. What remains is large and positive, just "
            "what an exponential cannot bear.",
        ),
        KnownBug(
            "maximum added",
            mistakes.softmax_with_maximum_added,
            "You add each row's largest logit, which makes large logits larger still: they "
            "overflow sooner than before.",
        ),
        KnownBug(
            "divided by the maximum",
            mistakes.softmax_of_shares,
            "You divide the logits by the largest of the row. That changes the differences "
            "between them; only adding the same number to all keeps these as they are.",
        ),
        KnownBug(
            "NaN replaced",
            mistakes.softmax_with_nan_replaced,
            "You replace NaN after it has come about. By then the differences between the logits "
            "are lost; the overflow itself must be avoided.",
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
            "largest size subtracted",
            mistakes.softmax_with_largest_size,
            "You subtract the largest size in the row, which for logits near -1000 is 1000: they "
            "fall to -2000, and nothing but zeros is left to divide.",
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
