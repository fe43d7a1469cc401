import gzip
import hashlib
import struct
import tracemalloc

import numpy as np
import pytest
from fake_mnist import ARRAYS, PAYLOADS, TINY_FILES, gzip_of_zeros
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tutorial_lib.idx import (
    FILES,
    IDXError,
    MNISTFile,
    decompress,
    parse_idx,
    serialise_idx,
    verify,
)

IMAGES = PAYLOADS["train_images"]
LABELS = PAYLOADS["train_labels"]
N_DIMENSIONS = {"train_images": 3, "train_labels": 1}


unhurried = settings(deadline=None)  # how long an example takes is no matter of right or wrong


def header(*words: int) -> bytes:
    return struct.pack(f">{len(words)}I", *words)


@unhurried
@given(arrays(np.uint8, array_shapes(min_dims=3, max_dims=3, max_side=5)))
def test_images_survive_a_round_trip(images):
    read = parse_idx(serialise_idx(images), n_dimensions=3)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, images)


@unhurried
@given(arrays(np.uint8, array_shapes(min_dims=1, max_dims=1), elements=st.integers(0, 9)))
def test_labels_survive_a_round_trip(labels):
    np.testing.assert_array_equal(parse_idx(serialise_idx(labels), n_dimensions=1), labels)


def test_the_format_is_the_published_one():
    payload = bytes.fromhex("00000803 00000001 00000002 00000003 000102030405")
    assert parse_idx(payload, n_dimensions=3).tolist() == [[[0, 1, 2], [3, 4, 5]]]
    assert serialise_idx(np.arange(6, dtype=np.uint8).reshape(1, 2, 3)) == payload


def test_the_array_is_a_view_that_nobody_can_spoil():
    images = parse_idx(IMAGES, n_dimensions=3)
    with pytest.raises(ValueError, match="read-only"):
        images[0] = 0


@pytest.mark.parametrize(
    ("payload", "n_dimensions", "reason"),
    [
        (b"", 3, "empty file"),
        (b"<!DOCTYPE html><title>404</title>", 3, "web page"),
        (b"\xef\xbb\xbf\n <html>sign in to the network</html>", 1, "web page"),
        (IMAGES[:15], 3, "truncated: 15 bytes"),
        (IMAGES[:-1], 3, "truncated: 69 bytes where its header announces 70"),
        (IMAGES + b"\0", 3, "trailing junk: 71 bytes where its header announces 70"),
        (IMAGES, 1, "magic number 0x00000803 .expected 0x00000801"),
        (LABELS + bytes(9), 3, "magic number 0x00000801 .expected 0x00000803"),
        (header(0x0D03, 1, 1, 1) + b"\0", 3, "magic number 0x00000d03"),
        (header(0x01080000, 1) + b"\0", 1, "magic number"),
        (header(0x0803, 7, 3, 3) + IMAGES[16:], 3, "truncated"),
        (header(0x0803, 5, 3, 3) + IMAGES[16:], 3, "trailing junk"),
        (header(0x0803, 2**32 - 1, 2**32 - 1, 2**32 - 1), 3, "truncated"),
        (header(0x0803, 0, 2**32 - 1, 2**32 - 1), 3, "no elements"),
        (header(0x0801, 0), 1, "no elements"),
        (header(0x0801, 3) + b"\x03\x0a\xff", 1, "label 10 at position 1 is out of range 0 to 9"),
    ],
)
def test_what_is_wrong_is_named(payload, n_dimensions, reason):
    with pytest.raises(IDXError, match=reason):
        parse_idx(payload, n_dimensions=n_dimensions)


# Random bytes seldom begin like a file: most examples get a magic number and small dimensions.
words = st.one_of(st.integers(0, 4), st.integers(0, 2**32 - 1))
idx_like = st.builds(
    lambda magic, sizes, body: header(magic, *sizes) + body,
    st.sampled_from([0x0801, 0x0803]),
    st.lists(words, max_size=3),
    st.binary(max_size=70),
)


@unhurried
@given(st.one_of(st.binary(max_size=100), idx_like), st.sampled_from([1, 3]))
@example(header(0x0801, 1) + b"\x09", 1)
def test_any_bytes_are_read_exactly_or_refused(payload, n_dimensions):
    try:
        array = parse_idx(payload, n_dimensions=n_dimensions)
    except IDXError:
        return
    assert serialise_idx(array) == payload


@unhurried
@given(st.one_of(st.binary(max_size=100), st.binary(max_size=100).map(b"\x1f\x8b\x08".__add__)))
def test_any_bytes_are_unpacked_or_refused(data):
    try:
        payload = decompress(data, 100)
    except IDXError:
        return
    assert payload == data or len(payload) <= 100


@unhurried
@given(st.binary(max_size=200))
def test_gzip_is_unpacked(payload):
    assert decompress(gzip.compress(payload), len(payload)) == payload


def test_gzip_is_told_by_its_content():
    assert decompress(IMAGES, len(IMAGES)) == IMAGES


def test_a_gzip_bomb_is_not_unpacked():
    bomb = gzip_of_zeros(50_000_000)
    tracemalloc.start()
    with pytest.raises(IDXError, match="more than the expected 1000 bytes"):
        decompress(bomb, 1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize("spoil", [lambda b: b[:-1], lambda b: b[:12], lambda b: b + b"junk"])
def test_damaged_gzip_is_named(spoil):
    with pytest.raises(IDXError, match="damaged gzip data"):
        decompress(spoil(gzip.compress(IMAGES)), len(IMAGES))


@pytest.mark.parametrize("key", N_DIMENSIONS)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_verified_data_are_returned(key, pack):
    np.testing.assert_array_equal(verify(pack(PAYLOADS[key]), TINY_FILES[key]), ARRAYS[key])


def flipped(data: bytes, bit: int) -> bytes:
    return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]


@pytest.mark.parametrize("key", N_DIMENSIONS)
def test_no_flipped_bit_passes(key):
    payload = PAYLOADS[key]
    for bit in range(8 * len(payload)):
        with pytest.raises(IDXError):
            verify(flipped(payload, bit), TINY_FILES[key])


@pytest.mark.parametrize("key", N_DIMENSIONS)
def test_a_flipped_bit_in_gzip_changes_nothing_or_is_refused(key):
    """Not all bits of a gzip file carry data: there is a date, for one."""
    data = gzip.compress(PAYLOADS[key], mtime=0)
    refused = 0
    for bit in range(8 * len(data)):
        try:
            array = verify(flipped(data, bit), TINY_FILES[key])
        except IDXError:
            refused += 1
        else:
            np.testing.assert_array_equal(array, ARRAYS[key])
    assert refused > 8 * len(PAYLOADS[key]) / 2


@pytest.mark.parametrize("key", N_DIMENSIONS)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_no_truncation_passes(key, pack):
    data = pack(PAYLOADS[key])
    for length in range(len(data)):
        with pytest.raises(IDXError):
            verify(data[:length], TINY_FILES[key])


def test_another_count_is_named():
    payload = serialise_idx(ARRAYS["train_images"][:5])
    file = MNISTFile("five", (6, 3, 3), hashlib.sha256(payload).hexdigest())
    with pytest.raises(IDXError, match=r"wrong count: shape \(5, 3, 3\) \(expected \(6, 3, 3\)\)"):
        verify(payload, file)


def test_another_data_set_of_the_same_form_is_refused():
    with pytest.raises(IDXError, match="SHA-256 sum differs"):
        verify(serialise_idx(255 - ARRAYS["train_images"]), TINY_FILES["train_images"])


def test_the_published_files_have_their_published_sizes():
    sizes = [file.n_bytes for file in FILES.values()]
    assert sizes == [47_040_016, 60_008, 7_840_016, 10_008]
