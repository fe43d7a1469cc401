"""What notebook 02 says in numbers holds when it is run."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from tutorial_lib import Autoencoder, corrupt, load_mnist
from tutorial_lib.exercises.mistakes import stacking_gradients as mistakes

NAME = "02_stacking"
CLIMBED = ("layer 2, climbed", "layer 3, climbed")


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


def test_the_decoders_path_is_twelve_times_as_long_at_the_start(numbers):
    encoder, decoder = numbers("paths", "encoder's path")
    assert encoder == pytest.approx(11, abs=1)
    assert decoder == pytest.approx(134, abs=2)


def test_forgetting_the_encoders_path_slows_the_training_only_a_little():
    images = load_mnist().train.images[:5000]

    def cost_after(n_steps: int, **switches: Any) -> float:
        """Return the mean cost of the last 50 steps, as `train` takes them."""
        generator = torch.Generator().manual_seed(0)
        layer = Autoencoder(784, 500, initialisation="ufldl", generator=generator)
        weights = [layer.encoder.weight, layer.encoder.bias, layer.visible_bias]
        weights, costs = [p.detach().clone() for p in weights], []
        for _ in range(n_steps):
            clean = images[torch.randint(len(images), (20,), generator=generator)]
            noisy = corrupt(clean, 0.3, generator=generator)
            cost, *gradients = mistakes.denoising_gradients(clean, noisy, *weights, **switches)
            costs.append(cost.item())
            for weight, gradient in zip(weights, gradients, strict=True):
                weight -= 0.1 * gradient
        return sum(costs[-50:]) / 50

    both, without = cost_after(150), cost_after(150, paths=(0, 1))
    start = cost_after(1) * 50
    assert both < without < 1.3 * both < start / 3


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
    nothing = numbers("schedule-table", "doing nothing")
    assert nothing == pytest.approx([0.011, 0.034, 0.057], abs=0.001)  # no training in it
    little, much, falling = (
        numbers("schedule-table", name) for name in ("0.1 ", "0.5 ", "Linear(start=0.5, end=0.1)")
    )
    assert little[0] < nothing[0] < much[0]  # at 10 %
    assert little[0] < much[0] / 2
    assert falling[0] == pytest.approx(little[0], rel=0.1)
    assert falling[1] == pytest.approx(much[1], rel=0.1)  # at 30 %
    assert much[1] < little[1]
    assert much[2] < falling[2] / 2  # at 50 %
    assert falling[2] == pytest.approx(little[2], rel=0.25)
    extents = [row[-1] for row in (little, much, falling)]
    assert extents == pytest.approx([150, 80, 90], rel=0.15)


def test_rising_levels_are_better_on_whole_digits_and_worse_on_damaged_ones(numbers):
    rows = {
        (seen, levels): numbers("levels-table", f"{seen:12} {levels}:")
        for seen in ("whole", "30 % hidden")
        for levels in ("0.3, 0.3, 0.3", "0.1, 0.2, 0.3")
    }
    same, rising = rows["whole", "0.3, 0.3, 0.3"], rows["whole", "0.1, 0.2, 0.3"]
    assert same == pytest.approx([0.010, 0.013, 0.020], abs=0.002)
    assert rising == pytest.approx([0.004, 0.007, 0.012], abs=0.002)
    assert rising[0] < same[0] / 2
    assert rising[2] > 0.5 * same[2]
    same, rising = rows["30 % hidden", "0.3, 0.3, 0.3"], rows["30 % hidden", "0.1, 0.2, 0.3"]
    assert same == pytest.approx([0.008, 0.011, 0.014], abs=0.0015)
    assert rising[:2] == pytest.approx([0.015, 0.019], abs=0.0025)
    assert rising[2] < rising[1]
    assert rising[2] == pytest.approx(same[2], rel=0.15)


def test_the_two_facades_are_drawn(finished):
    for cell in ("greedy-figure", "classifier-figure"):
        assert len(finished(NAME).figures(cell)) == 1


def test_the_pictures_of_each_depth_have_the_errors_of_the_table(numbers):
    table = numbers("levels-table", f"{'whole':12} 0.3, 0.3, 0.3:")
    errors = [numbers("depths-table", f"from layer {k}:")[0] for k in (1, 2, 3)]
    assert errors == pytest.approx(table, abs=1e-4)


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
    rows = [numbers("layers-table", name) for name in ("layer 1, exact", *CLIMBED)]
    assert min(smooth for smooth, _ in rows) > 0.55
    assert [extent for _, extent in rows] == pytest.approx([90, 50, 175], rel=0.15)


def test_no_layer_knows_the_digits(numbers):
    untrained, trained = (
        [numbers("purity", f"{name:15} layer {k}: mean") for k in (1, 2, 3)]
        for name in ("random weights", "trained")
    )
    assert [row[0] for row in untrained] == pytest.approx([44, 44, 44], abs=3)
    assert [row[0] for row in trained] == pytest.approx([46, 51, 46], abs=5)
    for before, after in zip(untrained, trained, strict=True):
        assert before[0] <= after[0] < 60
    n_pure = [row[1] for row in trained]  # above 90 %
    assert max(row[1] for row in untrained) <= 10
    assert max(n_pure) == n_pure[1] < 30
    assert min(n_pure) < 10


def test_a_choice_at_random_reaches_about_15_percent():
    labels, generator = load_mnist().test.labels, torch.Generator().manual_seed(0)
    drawn = (labels[torch.randperm(len(labels), generator=generator)[:100]] for _ in range(500))
    commonest = [row.bincount(minlength=10).max().item() for row in drawn]
    assert sum(commonest) / len(commonest) == pytest.approx(15, abs=0.5)


def test_the_error_grows_with_depth(numbers):
    (lazy,) = numbers("depths-table", "always the mean image:")
    assert lazy == pytest.approx(0.0675, abs=1e-4)  # no training in it
    errors = [numbers("depths-table", f"from layer {k}:")[0] for k in (1, 2, 3)]
    assert errors == sorted(errors)
    assert errors == pytest.approx([0.010, 0.013, 0.020], abs=0.002)
    assert lazy > 3 * errors[-1]
