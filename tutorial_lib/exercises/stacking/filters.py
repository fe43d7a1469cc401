"""Exercise 2.5: what the units of the second layer look for."""

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import normal
from tutorial_lib.exercises.mistakes import stacking_filters as mistakes
from tutorial_lib.exercises.solutions import stacking as solutions

combine_filters = Exercise(
    id="2.5",
    title="Filters of the second layer",
    points=1,
    reference=solutions.combine_filters,
    cases=lambda generator: {
        "3 pixels, 3 units and 3 units": {
            "w1": normal(generator, 3, 3),
            "w2": normal(generator, 3, 3),
        },
        "7 pixels, 5 units of the first layer, 4 of the second": {
            "w1": normal(generator, 5, 7),
            "w2": normal(generator, 4, 5),
        },
    },
    parts=("the matrix of filters",),
    expects="one row per unit of the second layer, one column per pixel, every row of length 1.",
    known_bugs=(
        KnownBug(
            "not scaled",
            mistakes.combine_without_scaling,
            "The sums are right, but their lengths were left as they are. The strongest input was "
            "asked for among those of length 1.",
        ),
        KnownBug(
            "the other way round",
            mistakes.combine_the_other_way,
            "You multiplied w1 by w2. A row of the result should be a mixture of rows of w1.",
        ),
        KnownBug(
            "columns instead of rows",
            mistakes.combine_by_columns,
            "You mixed by the columns of w2. A row of w2 belongs to one unit of the second layer, "
            "and says how strongly it listens to each unit of the first.",
        ),
        KnownBug(
            "scaled as one",
            mistakes.combine_scaled_as_one,
            "You divided by the length of all filters together. Each is to have length 1 by "
            "itself.",
        ),
        KnownBug(
            "scaled by pixel",
            mistakes.combine_scaled_by_pixel,
            "You scaled the columns, and they belong to pixels. A filter is a row.",
        ),
        KnownBug(
            "no square root",
            mistakes.combine_without_root,
            "You divided by the sum of the squares, which is the length times itself.",
        ),
        KnownBug(
            "filters below scaled first",
            mistakes.combine_scaled_filters,
            "You gave each filter of the first layer length 1 before mixing. A unit with large "
            "weights does speak louder, and should count for more.",
        ),
        KnownBug(
            "signs dropped",
            mistakes.combine_magnitudes,
            "You took the magnitudes of w2. A unit that quiets this one belongs into the mixture "
            "with a minus.",
        ),
        KnownBug(
            "only the strongest",
            mistakes.combine_the_strongest,
            "You show the one filter that each unit listens to most. It listens to all of them.",
        ),
        KnownBug(
            "lengths of other rows",
            mistakes.combine_scaled_by_place,
            "Your lengths are right, but each row was divided by all of them, entry by entry. "
            "Without keepdim=True the lengths lie along the columns. Square matrices hide this.",
        ),
        KnownBug(
            "the most liked",
            mistakes.combine_the_most_liked,
            "You show the one filter with the largest weight. A unit listens to all below it, "
            "and most of all perhaps to one that quiets it.",
        ),
        KnownBug(
            "sum of magnitudes",
            mistakes.combine_scaled_by_sum,
            "You divided by the sum of the magnitudes. The length of a row is the root of the "
            "sum of its squares.",
        ),
        KnownBug(
            "largest value",
            mistakes.combine_scaled_by_largest,
            "You divided by the largest value. That is for drawing; here each row is to have "
            "length 1.",
        ),
        KnownBug(
            "positive weights alone",
            mistakes.combine_what_is_liked,
            "You left out the units that this one dislikes. What must not be there is a part of "
            "the picture too, with a minus.",
        ),
        KnownBug(
            "filters below scaled instead",
            mistakes.combine_scaled_filters_without_scaling,
            "You scaled the filters that go into the mixture. It is the mixture that is to have "
            "length 1, and they go in as they are.",
        ),
        KnownBug(
            "weights scaled instead",
            mistakes.combine_by_unit_rows,
            "You scaled the rows of w2. It is the mixture that is to have length 1, and mixing "
            "changes lengths.",
        ),
        KnownBug(
            "filters below scaled in place",
            mistakes.combine_scaling_in_place,
            "You changed w1 itself: whoever handed it to you has another machine now. And its "
            "rows go into the mixture as they are, long or short.",
        ),
        KnownBug(
            "entry by entry",
            mistakes.combine_entry_by_entry,
            "* multiplies entry by entry. A mixture is a sum of rows, each times a number: that "
            "is a product of matrices.",
        ),
        KnownBug(
            "a filter in each column",
            mistakes.combine_to_columns,
            "Each of your filters stands in a column. One row per unit is wanted, as in a weight.",
        ),
        KnownBug(
            "signs of the filters dropped",
            mistakes.combine_to_magnitudes,
            "You took the magnitudes of the result. Where a filter is negative, ink quiets the "
            "unit.",
        ),
    ),
    hints=(
        "Take one unit of the second layer. Its weights say how much it likes each unit of the "
        "first, and each of those likes a picture. Add up the pictures.",
        "All of them at once are a product of two matrices, (n_second, n_first) and (n_first, "
        "n_visible). Then divide each row by its length.",
        "filters = w2 @ w1, and filters.norm(dim=1, keepdim=True) are the lengths of its rows.",
    ),
    notice="Given w2 @ w1, unscaled, and a third weight, the same function gives the filters of "
    "the third layer.",
)
