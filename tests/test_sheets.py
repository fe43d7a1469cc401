"""Sheets of filters against ones laid out by hand, and the checks of what is drawn."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tutorial_lib.sheets import as_array, as_images, as_labels, check_same_length, tile_filters

NAN = math.nan


class TestTileFilters:
    def test_common_scale_by_hand(self):
        weight = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        expected = [
            [NAN, NAN, NAN, NAN, NAN, NAN, NAN],
            [NAN, 1.0, 2.0, NAN, 3.0, 4.0, NAN],
            [NAN, NAN, NAN, NAN, NAN, NAN, NAN],
            [NAN, 5.0, 6.0, NAN, NAN, NAN, NAN],
            [NAN, NAN, NAN, NAN, NAN, NAN, NAN],
        ]
        np.testing.assert_array_equal(tile_filters(weight, image_shape=(1, 2)), expected)

    def test_each_scale_by_hand(self):
        # The mean of all six numbers is 3; then 1 - 3 = -2 is the largest of the first row, ...
        weight = np.array([[1.0, 2.0], [3.0, 3.0], [4.0, 5.0]])
        sheet = tile_filters(weight, scale="each", image_shape=(2, 1), n_columns=3)
        expected = [
            [NAN, NAN, NAN, NAN, NAN, NAN, NAN],
            [NAN, -1.0, NAN, 0.0, NAN, 0.5, NAN],
            [NAN, -0.5, NAN, 0.0, NAN, 1.0, NAN],
            [NAN, NAN, NAN, NAN, NAN, NAN, NAN],
        ]
        np.testing.assert_array_equal(sheet, expected)

    @given(
        n_hidden=st.integers(1, 30),
        n_columns=st.none() | st.integers(1, 40),
        max_filters=st.integers(1, 40),
        height=st.integers(1, 5),
        width=st.integers(1, 5),
    )
    def test_every_filter_is_where_its_number_says(
        self, n_hidden, n_columns, max_filters, height, width
    ):
        weight = np.random.default_rng(0).normal(size=(n_hidden, height * width))
        sheet = tile_filters(
            weight, n_columns=n_columns, max_filters=max_filters, image_shape=(height, width)
        )
        columns = n_columns or math.ceil(math.sqrt(min(n_hidden, max_filters)))
        for k in range(min(n_hidden, max_filters)):
            top, left = (k // columns) * (height + 1) + 1, (k % columns) * (width + 1) + 1
            tile = sheet[top : top + height, left : left + width]
            np.testing.assert_array_equal(tile, weight[k].reshape(height, width))
        assert np.isfinite(sheet).sum() == min(n_hidden, max_filters) * height * width
        assert (sheet.shape[0] - 1) % (height + 1) == (sheet.shape[1] - 1) % (width + 1) == 0

    def test_scale_each_counts_filters_that_are_not_drawn(self):
        weight = np.random.default_rng(0).normal(size=(5, 4))
        sheets = [
            tile_filters(weight, scale="each", n_columns=1, max_filters=n, image_shape=(2, 2))
            for n in (2, 5)
        ]
        np.testing.assert_array_equal(sheets[0], sheets[1][:7])

    def test_leaves_the_weight_alone(self):
        weight = np.arange(8.0).reshape(2, 4)
        tile_filters(weight, scale="each", image_shape=(2, 2))
        np.testing.assert_array_equal(weight, np.arange(8.0).reshape(2, 4))

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"scale": "both"}, "scale is 'both'; choose one of 'common', 'each'"),
            ({"n_columns": 0}, "n_columns is 0"),
            ({"max_filters": 0}, "max_filters is 0"),
            ({"image_shape": (28, 28)}, r"4 values, image_shape is \(28, 28\)"),
            ({"image_shape": (4,)}, "image_shape"),
            ({"image_shape": (-2, -2)}, "image_shape"),
        ],
    )
    def test_bad_arguments(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            tile_filters(np.ones((3, 4)), **{"image_shape": (2, 2), **arguments})

    def test_a_deep_weight_gets_advice(self):
        with pytest.raises(ValueError, match="combine_filters"):
            tile_filters(torch.ones(10, 200))


class TestChecks:
    @pytest.mark.parametrize(
        "values",
        [
            [[1, 2]],
            np.array([[1, 2]], dtype=np.uint8),
            torch.tensor([[1, 2]]),
            torch.tensor([[1.0, 2.0]], requires_grad=True),
            torch.tensor([[1.0, 2.0]], dtype=torch.bfloat16),
        ],
    )
    def test_numbers_of_every_kind(self, values):
        array = as_array("x", values, 2)
        np.testing.assert_array_equal(array, [[1.0, 2.0]])
        assert array.dtype == np.float64

    def test_returns_a_copy(self):
        given = np.ones((1, 2))
        as_array("x", given, 2)[0, 0] = 7
        np.testing.assert_array_equal(given, np.ones((1, 2)))

    @pytest.mark.parametrize(
        ("values", "error", "message"),
        [
            ([1.0], ValueError, r"x has shape \(1,\); expected 2 dimensions"),
            (np.empty((0, 3)), ValueError, "none of them empty"),
            ([[1.0, NAN, math.inf]], ValueError, "2 values that are NaN or infinite"),
            ([[1.0], [1.0, 2.0]], ValueError, "rows of different lengths"),
            ([["a"]], TypeError, "expected real numbers"),
            (None, TypeError, "object"),
            (torch.ones(1, 2, dtype=torch.complex64), TypeError, "complex64"),
        ],
    )
    def test_bad_numbers(self, values, error, message):
        with pytest.raises(error, match=message):
            as_array("x", values, 2)

    def test_images_get_their_shape(self):
        images = as_images("x", torch.arange(6).reshape(1, 6), (2, 3))
        np.testing.assert_array_equal(images, [[[0, 1, 2], [3, 4, 5]]])

    @pytest.mark.parametrize(("bad", "shown"), [(-1, "-1"), (0.5, "0.5")])
    def test_labels_are_whole_and_not_negative(self, bad, shown):
        assert as_labels("y", torch.tensor([0, 9])).tolist() == [0, 9]
        with pytest.raises(ValueError, match=f"y holds {shown}; expected class numbers"):
            as_labels("y", [3, bad])

    def test_lengths(self):
        check_same_length(a=[1, 2], b="xy")
        with pytest.raises(ValueError, match="a has 2, b has 1 entries"):
            check_same_length(a=[1, 2], b="x")
        with pytest.raises(ValueError, match="at least 1"):
            check_same_length(a=[], b="")
