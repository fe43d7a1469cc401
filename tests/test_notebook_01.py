"""What notebook 01 says in numbers holds when it is run."""

import re
from collections.abc import Callable

import nbformat
import pytest
from notebook_runs import cells_of, read, run

NAME = "01_autoencoder"


@pytest.fixture(scope="module")
def numbers(finished) -> Callable[[str, str], list[float]]:
    return finished(NAME).numbers


def test_the_denoiser_restores_what_the_copier_leaves_damaged(numbers):
    nothing, copier, denoiser = (
        numbers("error-table", name) for name in ("doing nothing", "the copier", "the denoiser")
    )
    assert nothing == pytest.approx([0.0341, 0], abs=2e-4)  # the noise alone: no training in it
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


def test_noise_makes_the_filters_smooth(numbers):
    untrained, copier, denoiser = (
        numbers("smooth-table", name) for name in ("untrained", "0 % corruption", "30 % corruption")
    )
    assert untrained == pytest.approx([0, 0.5, 0, 1], abs=0.01)
    assert denoiser[0] > copier[0] + 0.1
    assert copier[2] < 20
    assert denoiser[2] > 60
    assert denoiser[3] < copier[3] < 0.9  # both moved on from the start, the denoiser further


def test_every_unit_prefers_its_filter(numbers):
    assert numbers("strongest-real", "units that prefer their filter:") == [500, 500]


def test_a_changed_setting_trains_anew_beside_the_old_checkpoints(finished):
    first = finished(NAME)
    notebook = read(first.path)
    (cell,) = [c for c in cells_of(notebook, "code") if re.search(r"^N_EPOCHS = ", c.source, re.M)]
    cell.source = re.sub(r"^N_EPOCHS = \d+", "N_EPOCHS = 1", cell.source, flags=re.M)
    changed = first.path.with_name("changed.ipynb")
    nbformat.write(notebook, changed)
    folder = first.path.parent / "checkpoints"
    before = set(folder.iterdir())
    assert run(changed).printed("error-table") != first.printed("error-table")
    assert before < set(folder.iterdir())
