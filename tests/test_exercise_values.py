"""Taking results apart, and comparing them with what was expected."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from exercise_helpers import Liar, Subclass
from hypothesis import given
from hypothesis import strategies as st

from tutorial_lib.exercises.parts import (
    WrongStructure,
    describe,
    is_plain,
    measured,
    take_apart,
)
from tutorial_lib.exercises.values import USUAL, Tolerance, compare, compare_part

A, B, C = torch.zeros(2), torch.ones(3), torch.ones(2, 2)


def verdict(expected, given, tolerance=USUAL):
    """Compare two values as one part; return whether it is wrong, and the sentence."""
    difference = compare_part("it", expected, given, tolerance)
    return difference.wrong, difference.text


# --- Taking apart -------------------------------------------------------------------------------


def test_one_name_is_the_whole_result():
    assert take_apart(A, ["the code"]) == {"the code": A}
    assert take_apart(3, ["n"]) == {"n": 3}
    assert take_apart(None, ["n"]) == {"n": None}


def test_a_tuple_or_list_has_a_name_for_each_part():
    for value in ((1, A), [1, A]):
        assert take_apart(value, ["loss", "gradient"]) == {"loss": 1, "gradient": A}


def test_lists_inside_are_counted_and_indexed():
    parts = take_apart((A, [B, C, B]), ["x", "codes"])
    assert list(parts) == ["x", "number of codes", "codes[0]", "codes[1]", "codes[2]"]
    assert parts["number of codes"] == 3


def test_pairs_in_a_list_are_weight_and_bias():
    parts = take_apart([(A, B), [C, B]], ["encoders"])
    assert list(parts) == [
        "number of encoders",
        *("encoders[0] weight", "encoders[0] bias"),
        *("encoders[1] weight", "encoders[1] bias"),
    ]
    assert parts["encoders[1] weight"] is C


def test_measured_quantities_have_their_own_names():
    assert list(measured({"share of zeros": 0.3, "codes": [A]})) == [
        *("share of zeros", "number of codes", "codes[0]")
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None (is the return missing?)"),
        (..., "... (it still stands in your code)"),
        (A, "a tensor of shape (2,)"),
        ((1, 2, 3), "a tuple of 3"),
        ([], "a list of 0"),
        (np.zeros((2, 3)), "a NumPy array of shape (2, 3)"),
        (1.5, "a float"),
        (1, "an int"),
        ("text", "a str"),
        ({}, "a dict"),
        (Liar(), "a Liar"),
        (Subclass(2), "a Subclass"),
        (torch.eye(2).to_sparse(), "a tensor of layout torch.sparse_coo on the device cpu"),
        (A.to("meta"), "a tensor of layout torch.strided on the device meta"),
        (np.float32(1), "a NumPy float32"),
    ],
)
def test_a_missing_part_is_told_by_what_was_returned_instead(value, words):
    assert describe(value) == words
    with pytest.raises(WrongStructure) as caught:
        take_apart(value, ["loss", "gradient"])
    assert str(caught.value) == f"It returned {words}; expected 2 values: loss, gradient."


def test_only_ordinary_tensors_are_plain():
    assert is_plain(A)
    assert is_plain(torch.nn.Parameter(A))
    odd = [Subclass(2), torch.eye(2).to_sparse(), A.to("meta"), np.zeros(2), [1], None, Liar()]
    assert not any(map(is_plain, odd))


# --- The same parts? ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "given", "sentence"),
    [
        ([A, B], A, "it is a tensor of shape (2,); expected a list of 2."),
        ([A, B], None, "it is None (is the return missing?); expected a list of 2."),
        ([A, B], [A, B, C], "it is a list of 3; expected 2."),
        ([A, B], [], "it is a list of 0; expected 2."),
        (A, [A, B], "it is a list of 2; expected a torch.Tensor of shape (2,)."),
        (1, [1], "it is a list of 1; expected a whole number."),
        (0.5, (), "it is a list of 0; expected a number."),
        (
            [(A, B), (A, B)],
            [A, B],
            "it[0] is a tensor of shape (2,); expected a pair (weight, bias).",
        ),
        ([(A, B)], [(A, B, C)], "it[0] is a list of 3; expected a pair (weight, bias)."),
        ([A, [B]], [A, [[B]]], "it[1][0] is a list of 1; expected a torch.Tensor of shape (3,)."),
    ],
)
def test_a_result_of_another_form_is_told_in_a_sentence(expected, given, sentence):
    with pytest.raises(WrongStructure) as caught:
        compare(take_apart(expected, ["it"]), take_apart(given, ["it"]), USUAL)
    assert str(caught.value) == sentence


def test_other_measurements_are_told_apart_too():
    with pytest.raises(WrongStructure, match="nested in another way"):
        compare({"a": 1}, {"b": 1}, USUAL)


def test_parts_are_compared_in_the_expected_order():
    expected, given = {"a": A, "b": B, "c": 1}, {"c": 2, "b": B, "a": A}
    differences = compare(expected, given, USUAL)
    assert [(d.part, d.wrong) for d in differences] == [("a", False), ("b", False), ("c", True)]


# --- Tensors ------------------------------------------------------------------------------------


def test_float32_and_float64_agree_and_narrow_floats_do_not():
    x = torch.tensor([0.1, -3.0, 1e-3])
    assert not verdict(x, x.double())[0]
    assert not verdict(x.double(), x)[0]
    assert verdict(x, x.half()) == (True, "it has dtype torch.float16; expected torch.float32.")
    assert verdict(x, x.bfloat16())[0]
    assert verdict(x, x.long())[0]


def test_labels_are_int64():
    y = torch.tensor([3, 1, 2])
    assert not verdict(y, y.clone())[0]
    assert verdict(y, y.float()) == (True, "it has dtype torch.float32; expected torch.int64.")
    assert verdict(y, y.int())[0]
    assert verdict(y, torch.tensor([3, 1, 1]))[0]


def test_whole_numbers_agree_exactly_however_large():
    assert verdict(torch.tensor([10**9]), torch.tensor([10**9 + 1]))[0]
    assert verdict(199_200, 199_201)[0]
    assert not verdict(199_200, np.int64(199_200))[0]


def test_the_shape_must_agree_though_values_broadcast():
    assert verdict(B, B[:, None]) == (True, "it has shape (3, 1); expected (3,).")
    assert verdict(torch.tensor(1.0), torch.ones(1))[0]
    assert verdict(C, torch.tensor(1.0))[0]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, "None (is the return missing?)"),
        (1.0, "a float"),
        (np.ones(3), "a NumPy array of shape (3,)"),
        ("right", "a str"),
        (Liar(), "a Liar"),
        (B.as_subclass(Subclass), "a Subclass"),
        (B.to_sparse(), "a tensor of layout torch.sparse_coo on the device cpu"),
        (B.to("meta"), "a tensor of layout torch.strided on the device meta"),
    ],
)
def test_anything_but_a_tensor_is_named(given, words):
    assert verdict(B, given) == (True, f"it is {words}; expected a torch.Tensor of shape (3,).")


def test_a_parameter_passes_for_a_tensor():
    assert not verdict(B, torch.nn.Parameter(B))[0]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_values_that_are_not_finite_are_named(bad):
    given = torch.tensor([1.0, bad, 1.0])
    assert verdict(B, given) == (True, "it has NaN or infinite values; all should be finite.")
    assert not verdict(given, given)[0], "a known mistake may overflow in the same way"
    assert verdict(given, B)[0]


def test_a_wrong_value_is_told_by_its_place_not_by_its_number():
    expected = torch.tensor([[0.25, 0.5], [0.75, 1.0]])
    given = expected.clone()
    given[1, 0] = 9
    wrong, text = verdict(expected, given)
    assert (wrong, text) == (
        True,
        "it has other values than expected: 1 of 4 wrong, furthest off at index [1, 0].",
    )
    given[1, 1] = 9
    assert verdict(expected, given)[1].endswith("expected: 2 of 4 wrong, all in row 1.")
    assert verdict(expected.T, given.T)[1].endswith("expected: 2 of 4 wrong, all in column 1.")
    assert verdict(expected, 3 + given)[1].endswith("all wrong, furthest off at index [1, 0].")
    labels = torch.tensor([3, 1, 2])
    assert verdict(labels, labels.flip(0))[1].endswith("2 of 3 wrong, furthest off at index [0].")
    assert verdict(torch.tensor(2.0), torch.tensor(3.0))[1] == "it has other values than expected."


def test_the_relative_error_is_of_norms():
    expected, given = torch.tensor([3.0, 4.0]), torch.tensor([3.0, 4.5])
    assert compare_part("it", expected, given, USUAL).relative_error == pytest.approx(0.1)
    assert compare_part("it", expected, torch.zeros(3), USUAL).relative_error is None


@given(st.integers(0, 2**31), st.sampled_from([1e-6, 1.0, 1e6]))
def test_rounding_passes_and_a_relative_change_of_a_thousandth_does_not(seed, scale):
    x = scale * torch.randn(4, 5, generator=torch.Generator().manual_seed(seed))
    assert not verdict(x, (x.double() * (1 + 1e-6)).float())[0]
    assert verdict(x, x * 1.001)[0]


def test_an_entry_that_cancels_is_compared_with_the_largest():
    expected = torch.tensor([1.0, 0.0])
    assert not verdict(expected, torch.tensor([1.0, 1e-6]))[0]
    assert verdict(expected, torch.tensor([1.0, 1e-4]))[0]
    assert verdict(torch.zeros(2), torch.tensor([0.0, 1e-4]))[0]


def test_a_tolerance_can_be_wider_or_tighter():
    assert not verdict(B, B * 1.05, Tolerance(relative=0.1))[0]
    assert verdict(B, B * 1.00005, Tolerance(relative=1e-6, absolute=1e-6))[0]


def test_empty_tensors_are_equal():
    assert not verdict(torch.zeros(0, 3), torch.zeros(0, 3))[0]


# --- Numbers and other values -------------------------------------------------------------------


@pytest.mark.parametrize("given", [0.5, np.float32(0.5), np.float64(0.5), Fraction(1, 2)])
def test_numbers_of_any_kind_agree(given):
    assert not verdict(0.5, given)[0]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (0.75, "it is 0.75; another number was expected."),
        (2, "it is 2; another number was expected."),
        (math.nan, "it is nan; another number was expected."),
        (10**400, "it is inf; another number was expected."),
        (True, "it is a bool; expected a number."),
        (torch.tensor(0.5), "it is a tensor of shape (); expected a number."),
        ("0.5", "it is a str; expected a number."),
        (Liar(), "it is a Liar; expected a number."),
    ],
)
def test_a_wrong_number_is_shown_as_it_was_given(given, text):
    assert verdict(0.5, given) == (True, text)


def test_a_whole_number_has_no_point():
    assert verdict(3, 3.0) == (True, "it is a float; expected a whole number.")
    assert not verdict(3.0, 3)[0]


@pytest.mark.parametrize("expected", [True, False])
def test_a_measured_yes_or_no_is_told_as_such(expected):
    assert not verdict(expected, expected)[0]
    wrong, text = verdict(expected, not expected)
    assert wrong
    assert text == (
        '"it" should be true here, and is not.'
        if expected
        else '"it" should not be true here, and is.'
    )
    assert verdict(expected, 1)[0], "a number is neither yes nor no"


def test_texts_agree_and_other_things_only_by_type():
    assert not verdict("mean", "mean")[0]
    assert verdict("mean", "sum")[0]
    assert not verdict(None, None)[0]
    assert verdict(None, 0)[0]
    assert not verdict(np.zeros(2), np.ones(2))[0], "and no question whether arrays are equal"
