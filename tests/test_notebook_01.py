"""What notebook 01 says in numbers holds when it is run."""

import re
import shutil
from collections.abc import Callable
from itertools import pairwise

import nbformat
import pytest
from notebook_runs import cells_of, read, run

NAME = "01_autoencoder"


@pytest.fixture(scope="module")
def numbers(finished) -> Callable[[str, str], list[float]]:
    return finished(NAME).numbers


def test_the_three_pixels_come_out_as_the_text_computes_them(finished, numbers):
    assert "[0.7311, 0.5000]" in finished(NAME).printed("encode-use")
    assert "[0.7235, 0.4425, 0.7311]" in finished(NAME).printed("decode-use")
    assert finished(NAME).printed("squared-use").endswith("\n0.163\n")
    assert "tensor(1000.)" in finished(NAME).printed("entropy-use")
    assert finished(NAME).printed("kl-use").endswith("\n0.37 nats\n")


def test_the_copiers_units_say_yes_to_every_second_digit(numbers):
    typical, low, high = numbers("activity", "mean activation of a unit:")
    assert 0.4 <= low <= typical <= high <= 0.6
    speaking, n_units = numbers("activity", "units above 0.5 for a digit:")
    assert n_units == 500
    assert speaking == pytest.approx(250, abs=25)


def test_both_witnesses_swear_by_the_gradient(numbers):
    for name in ("W :", "b :", "W':", "b':"):
        by_differences, by_autograd = numbers("witness-table", name)
        assert 1e-11 < by_differences < 1e-8, "eight to ten digits"
        assert by_autograd < 1e-14
    assert numbers("witness-table", "all four together:")[0] < 1e-9


def test_a_smaller_step_is_better_only_down_to_a_point(numbers):
    steps = ("1e-01", "1e-02", "1e-03", "1e-04", "1e-05", "1e-06", "1e-08", "1e-10")
    errors = [numbers("epsilon-table", f"step {step}:")[-1] for step in steps]
    for coarse, fine in pairwise(errors[:4]):
        assert fine / coarse == pytest.approx(0.01, rel=0.6)  # printed with one digit
    assert min(errors) in errors[3:6]
    assert min(errors) < errors[6] < errors[7]


def test_the_sparse_units_keep_to_their_target(numbers):
    start, end = numbers("sparse-train", "cost at the start")
    assert start == pytest.approx(206, abs=2)
    assert 12 < end < 15
    typical, low, high = numbers("sparse-activity", "mean activation of a unit:")
    assert 0.08 <= low <= typical <= high <= 0.15
    speaking, n_units = numbers("sparse-activity", "units above 0.5 for a digit:")
    assert n_units == 100
    assert 7 <= speaking <= 12, "about nine"
    loudest = numbers("sparse-parts", "what the nine say:")
    assert loudest == sorted(loudest, reverse=True)
    assert 5 <= sum(value > 0.5 for value in loudest) <= 8, "six or seven"
    error = numbers("sparse-parts", "error per pixel, all test digits:")[0]
    assert error == pytest.approx(0.024, abs=0.003)


def test_small_batches_pay_a_larger_penalty(numbers):
    labels = ("all 5,000 digits:", "batches of  1000:", "batches of   100:", "batches of    20:")
    penalties = [numbers("batches-table", label)[0] for label in labels]
    assert penalties == sorted(penalties)
    assert penalties[0] < 0.15
    assert 1.5 < penalties[-1] < 2.5


def test_target_and_weight_rule_the_units(numbers):
    names = ("weight 0 ", "weight 0.3", "target 0.3", "target 0.1", "target 0.02")
    means, speaking, _, errors = zip(
        *(numbers("trials-table", name) for name in names), strict=True
    )
    assert means == pytest.approx((0.54, 0.23, 0.31, 0.12, 0.03), abs=0.04)
    assert 33 < speaking[0] < 47
    assert errors[0] <= errors[2] < errors[3] < errors[4]
    assert errors[3] == pytest.approx(1.5 * errors[0], rel=0.2)
    assert errors[4] == pytest.approx(2 * errors[0], rel=0.2)


def test_both_corruptions_hide_three_pixels_in_ten(finished):
    told = [line for line in finished(NAME).printed("corrupt-use").splitlines() if "hidden" in line]
    assert len(told) == 2
    for line in told:
        assert "values left: tensor([0.0000, 0.8000])" in line
        assert float(line.split()[-1]) == pytest.approx(0.3, abs=0.003)


def test_the_denoiser_restores_what_the_copier_leaves_damaged(numbers):
    nothing, copier, denoiser = (
        numbers("error-table", name) for name in ("doing nothing", "the copier", "the denoiser")
    )
    assert nothing == pytest.approx([0.0342, 0], abs=2e-4)  # the noise alone: no training in it
    assert denoiser[0] < nothing[0] / 4  # as the text says
    assert denoiser[0] < copier[0] < nothing[0]
    (truth,) = numbers("error-table", "true darkness of the hidden ink:")
    assert copier[1] < 0.3 * truth
    assert 0.75 * truth < denoiser[1] < truth


def test_the_denoiser_pays_for_it_on_whole_digits(numbers):
    (copier,) = numbers("clean-table", "the copier ")
    (whole,) = numbers("clean-table", "the denoiser  ")
    faint = numbers("clean-table", "the denoiser, on faint digits")[0]
    assert copier < faint < whole
    assert whole > numbers("error-table", "the denoiser")[0]


def test_the_scale_of_costs_is_that_of_the_text(numbers):
    # Facts about MNIST, whatever is trained.
    assert numbers("bounds", "always the mean image:") == pytest.approx([205.8], abs=0.1)
    assert numbers("bounds", "perfect reconstruction:") == pytest.approx([45.5], abs=0.1)


def test_noise_and_sparsity_make_the_filters_smooth(numbers):
    untrained, copier, denoiser = (
        numbers("smooth-table", name) for name in ("untrained", "0 % corruption", "30 % corruption")
    )
    assert untrained == pytest.approx([0, 0.5, 0, 1], abs=0.01)
    assert denoiser[0] > copier[0] + 0.1
    assert copier[2] < 20
    assert denoiser[2] > 60
    assert denoiser[3] < copier[3] < 0.9  # both moved on from the start, the denoiser further
    assert numbers("smooth-table", "sparse")[0] > 0.7


def test_every_unit_prefers_its_filter(finished, numbers):
    assert numbers("strongest-real", "units that prefer their filter:") == [500, 500]
    filters, digits = numbers("strongest-real", "typical excitement:")
    assert filters > 8 * digits
    lines = re.findall(r"-?\d\.\d{4}", finished(NAME).printed("strongest-use"))
    assert [float(number) for number in lines] == [0.6, 0.8, 0, 0.6, 0.8, 0, 0, -1, 0]


def test_a_changed_setting_trains_anew_beside_the_old_checkpoints(finished, tmp_path):
    first = finished(NAME)
    copied = shutil.copytree(first.path.parent, tmp_path / "notebooks")
    notebook = read(first.path)
    (cell,) = [c for c in cells_of(notebook, "code") if re.search(r"^N_EPOCHS = ", c.source, re.M)]
    cell.source = re.sub(r"^N_EPOCHS = \d+", "N_EPOCHS = 1", cell.source, flags=re.M)
    changed = copied / "changed.ipynb"
    nbformat.write(notebook, changed)
    folder = copied / "checkpoints"
    before = set(folder.iterdir())
    assert run(changed).printed("error-table") != first.printed("error-table")
    assert before < set(folder.iterdir())
