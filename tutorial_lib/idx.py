"""The IDX format, and the four files in it that are MNIST.

A file is a header of big-endian words, then one byte per element. The reader believes nothing: what
is not exactly right raises an `IDXError` that says why.
"""

import gzip
import hashlib
import io
import math
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_UNSIGNED_BYTES = 0x0800  # the type code of a magic number; its last byte counts the dimensions
_GZIP_MAGIC = b"\x1f\x8b"
_HIGHEST_LABEL = 9


@dataclass(frozen=True)
class MNISTFile:
    """One of the four published files: its name, and what is in it."""

    name: str
    shape: tuple[int, ...]
    sha256: str

    @property
    def n_bytes(self) -> int:
        """Size of the unpacked file: a header of 4-byte words, then a byte per element."""
        return 4 * (1 + len(self.shape)) + math.prod(self.shape)


FILES = {
    "train_images": MNISTFile(
        "train-images-idx3-ubyte",
        (60_000, 28, 28),
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    "train_labels": MNISTFile(
        "train-labels-idx1-ubyte",
        (60_000,),
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "test_images": MNISTFile(
        "t10k-images-idx3-ubyte",
        (10_000, 28, 28),
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    "test_labels": MNISTFile(
        "t10k-labels-idx1-ubyte",
        (10_000,),
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}


class IDXError(ValueError):
    """Bytes that are no valid IDX data; the message says in a few words what is wrong."""


def decompress(data: bytes, n_bytes: int) -> bytes:
    """Unpack gzip data, and return anything else as it is.

    Parameters
    ----------
    data : bytes
        Told apart by their first two bytes: a file's name may lie.
    n_bytes : int
        The largest size allowed once unpacked, so that a few hostile bytes cannot fill the memory.

    Raises
    ------
    IDXError
        If the gzip data are damaged, or unpack to more than ``n_bytes``.
    """
    if not data.startswith(_GZIP_MAGIC):
        return data
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            payload = stream.read(n_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise IDXError(f"damaged gzip data ({error})") from None
    if len(payload) > n_bytes:
        raise IDXError(f"trailing junk: unpacks to more than the expected {n_bytes} bytes")
    return payload


def parse_idx(payload: bytes, *, n_dimensions: int) -> NDArray[np.uint8]:
    """Read an array of unsigned bytes.

    Parameters
    ----------
    payload : bytes
        A whole IDX file, unpacked.
    n_dimensions : int
        1 for labels, 3 for images.

    Returns
    -------
    ndarray of uint8
        A read-only view on ``payload``, in the shape that its header announces.

    Raises
    ------
    IDXError
        If the payload is empty, a web page, truncated or too long, has another magic number or
        no elements; with one dimension also if a value is no digit.
    """
    header_size = 4 * (1 + n_dimensions)
    _require_header(payload, header_size)
    magic, *shape = struct.unpack_from(f">{1 + n_dimensions}I", payload)
    if magic != _UNSIGNED_BYTES + n_dimensions:
        expected = _UNSIGNED_BYTES + n_dimensions
        raise IDXError(f"wrong magic number 0x{magic:08x} (expected 0x{expected:08x})")
    _require_length(len(payload), header_size + math.prod(shape), shape)
    array = np.frombuffer(payload, np.uint8, offset=header_size).reshape(shape)
    if n_dimensions == 1:
        _require_digits(array)
    return array


def serialise_idx(array: NDArray[np.uint8]) -> bytes:
    """Write an array of unsigned bytes as an IDX payload, the inverse of `parse_idx`."""
    header = struct.pack(f">{1 + array.ndim}I", _UNSIGNED_BYTES + array.ndim, *array.shape)
    return header + array.tobytes()


def verify(data: bytes, file: MNISTFile) -> NDArray[np.uint8]:
    """Return the array in data, plain or .gz, that are bit for bit the published file.

    Raises
    ------
    IDXError
        If it is not. The form is checked before the sum, only to give the better reason.
    """
    payload = decompress(data, file.n_bytes)
    array = parse_idx(payload, n_dimensions=len(file.shape))
    if array.shape != file.shape:
        raise IDXError(f"wrong count: shape {array.shape} (expected {file.shape})")
    if hashlib.sha256(payload).hexdigest() != file.sha256:
        raise IDXError("SHA-256 sum differs: damaged, or another data set")
    return array


def _require_header(payload: bytes, header_size: int) -> None:
    if not payload:
        raise IDXError("empty file")
    if payload[:256].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise IDXError("a web page (HTML), not data")
    if len(payload) < header_size:
        raise IDXError(f"truncated: {len(payload)} bytes, less than a header of {header_size}")


def _require_length(n_bytes: int, expected: int, shape: list[int]) -> None:
    if 0 in shape:
        raise IDXError(f"its header announces no elements (shape {tuple(shape)})")
    if n_bytes != expected:
        fault = "truncated" if n_bytes < expected else "trailing junk"
        raise IDXError(f"{fault}: {n_bytes} bytes where its header announces {expected}")


def _require_digits(labels: NDArray[np.uint8]) -> None:
    wrong = np.flatnonzero(labels > _HIGHEST_LABEL)
    if wrong.size:
        first = int(wrong[0])
        raise IDXError(f"label {labels[first]} at position {first} is out of range 0 to 9")
