"""What notebook 02 says in numbers holds when it is run."""

from collections.abc import Callable

import pytest

NAME = "02_stacking"


@pytest.fixture(scope="module")
def numbers(finished) -> Callable[[str, str], list[float]]:
    return finished(NAME).numbers


def test_two_layers_come_out_as_the_text_computes_them(numbers):
    assert numbers("two-layers", "first layer") == [0.73, 0.5, 0.72]


def test_the_printed_formula_fails_in_both_readings_and_the_mended_one_goes_down(finished):
    three, four = finished(NAME).printed("formula-printed").splitlines()
    assert three.startswith("n = 3: RuntimeError")
    assert "3x4 and 2x4" in three  # the decoder takes 2 numbers, and is handed 4
    assert four == "n = 4: KeyError: 4"
    steps = finished(NAME).printed("formula-mended").splitlines()
    ends = ("2 -> 4", "4 -> 5", "5 -> 7")
    expected = [f"decoder {3 - k}: {end} numbers" for k, end in enumerate(ends)]
    assert steps == expected


def test_the_gradient_by_hand_is_autograds(finished):
    lines = finished(NAME).printed("autograd-compare").splitlines()
    assert len(lines) == 3
    assert all(line.endswith(": True") for line in lines)


def test_the_decoders_path_is_twelve_times_as_long_at_the_start(finished):
    (line,) = finished(NAME).printed("paths").splitlines()
    encoder, decoder = (float(word.rstrip(",")) for word in line.split() if word[0].isdigit())
    assert decoder / encoder == pytest.approx(12, abs=1)


def test_finished_layers_stay_and_hand_on_clean_codes(finished, numbers):
    lines = finished(NAME).printed("frozen").splitlines()
    frozen = [line for line in lines if "as it was when it was finished" in line]
    assert len(frozen) == 3
    assert all(line.endswith("True") for line in frozen)
    mean, difference = numbers("frozen", "mean of the codes")
    assert mean == pytest.approx(0.27, abs=0.02)
    assert difference == pytest.approx(0.08, abs=0.015)


def test_each_layer_gets_about_nine_tenths_of_the_way(numbers):
    layers = [numbers("scales", f"layer {k}:") for k in (1, 2, 3)]
    assert layers[0][0] == pytest.approx(206, abs=1)  # no training in these two
    assert layers[0][2] == pytest.approx(46, abs=1)
    for lazy, trained, perfect, gained in layers:
        assert perfect < trained < lazy
        assert gained == pytest.approx(90, abs=5)
    costs = [trained for _, trained, _, _ in layers]
    assert costs == pytest.approx([68, 144, 98], abs=6)
    floors = [perfect for _, _, perfect, _ in layers]
    assert max(floors) == floors[1] == pytest.approx(132, abs=6)


def test_every_number_of_the_stack_has_an_owner(finished):
    text = finished(NAME).printed("owners").replace(",", "")
    counts = [int(line.split()[-1]) for line in text.splitlines()]
    assert counts == [784 + 500 + 500, 784 * 500 + 2 * 500 * 500 + 3 * 500, 5010, 900_294]
    assert sum(counts[:3]) == counts[3]
    assert finished(NAME).printed("facades").count("the same object: True") == 3


def test_kept_codes_were_timed(numbers):
    # The cell itself stops unless both ways end with the same weights. How long they took is a
    # matter of the machine.
    slow, fast, _ = numbers("cached-run", "an epoch:")
    assert min(slow, fast) > 0


def test_a_percentage_is_refused(finished):
    assert "not a percentage" in finished(NAME).printed("fraction")


def test_falling_noise_has_the_best_of_both(numbers):
    little, much, falling = (
        numbers("schedule-table", name) for name in ("0.1 ", "0.5 ", "Linear(start=0.5, end=0.1)")
    )
    assert little[0] < much[0] / 2  # at 10 %
    assert falling[0] == pytest.approx(little[0], rel=0.1)
    assert falling[1] == pytest.approx(much[1], rel=0.1)  # at 30 %
    assert much[1] < little[1]
    assert much[2] < falling[2] / 2  # at 50 %
    assert falling[2] == pytest.approx(little[2], rel=0.25)
    extents = [row[-1] for row in (little, much, falling)]
    assert extents == pytest.approx([150, 80, 90], rel=0.15)


def test_mixing_is_fair_in_layer_2_and_worthless_in_layer_3(numbers):
    (first, exact, digit), *deeper = (numbers("contest", f"layer {k}:") for k in (1, 2, 3))
    assert first == exact > 5 * digit
    (mixed, climbed, digit), (mixed3, climbed3, digit3) = deeper
    assert digit < mixed
    assert mixed == pytest.approx(climbed / 2, rel=0.2)
    assert abs(mixed3) < 1.5
    assert mixed3 < digit3 < climbed3


def test_the_extent_falls_and_then_rises(numbers):
    _, spread = numbers("layers-table", "random pictures")
    assert spread == pytest.approx(784 / 3, rel=0.03)  # the fourth moment of a normal is 3
    smooth = [numbers("layers-table", f"layer {k}, climbed")[0] for k in (1, 2, 3)]
    assert min(smooth) > 0.55
    extents = [numbers("layers-table", f"layer {k}, climbed")[1] for k in (1, 2, 3)]
    assert extents == pytest.approx([90, 50, 175], rel=0.15)


def test_no_layer_knows_the_digits(numbers):
    untrained = numbers("purity", "random weights")[1::2]
    trained = numbers("purity", "trained")[1::2]
    assert untrained == pytest.approx([44, 44, 44], abs=3)
    assert all(low <= high < 60 for low, high in zip(untrained, trained, strict=True))
    assert trained == pytest.approx([46, 51, 46], abs=5)


def test_the_error_grows_with_depth(numbers):
    (lazy,) = numbers("depths-table", "always the mean image:")
    assert lazy == pytest.approx(0.0675, abs=1e-4)  # no training in it
    errors = [numbers("depths-table", f"from layer {k}:")[0] for k in (1, 2, 3)]
    assert errors == sorted(errors)
    assert errors == pytest.approx([0.010, 0.013, 0.020], abs=0.002)
    assert lazy > 3 * errors[-1]
