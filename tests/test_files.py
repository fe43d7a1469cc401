"""Files that are written whole or not at all."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tutorial_lib.files import PRIVATE, atomic_writer, half_written, write_atomically

ROOT = Path(__file__).parents[1]


def test_an_error_inside_the_writer_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("old")

    def write_half() -> None:
        with atomic_writer(file) as stream:
            stream.write(b"half of the new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert file.read_text() == "old"
    assert [*tmp_path.iterdir()] == [file]
    with atomic_writer(file) as stream:
        stream.write(b"new")
        assert file.read_text() == "old", "a reader sees the old file until the end"
    assert file.read_text() == "new"


def test_a_reader_never_sees_a_part(tmp_path: Path) -> None:
    file, done, seen = tmp_path / "a", threading.Event(), set()
    write_atomically(file, b"")

    def read() -> None:
        while not done.is_set():
            seen.add(file.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    whole = [bytes([n]) * 100_000 for n in range(50)]
    try:
        for data in whole:
            write_atomically(file, data)
    finally:
        done.set()
        reader.join()
    assert seen <= {b"", *whole}
    assert file.read_bytes() == whole[-1]


@pytest.mark.parametrize(("mask", "left"), [(0o022, 0o644), (0o007, 0o660)])
def test_who_may_read_a_file_is_what_the_user_has_set(tmp_path: Path, mask: int, left: int) -> None:
    before = os.umask(mask)
    try:
        write_atomically(tmp_path / "a", b"")
        write_atomically(tmp_path / "b", b"", mode=PRIVATE)
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == left
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o600


KILLED = """
import os, pathlib, signal, sys
from tutorial_lib.files import write_atomically
pathlib.Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
write_atomically(pathlib.Path(sys.argv[1]), b"new")
"""


@pytest.mark.parametrize("name", ["marks.csv", "n" * 255])
def test_what_a_killed_writer_leaves_is_found_and_nothing_else(tmp_path: Path, name: str) -> None:
    beside = (".marks.csv", ".marks.csv.backup", ".gitignore", "marks.csv.0123abcd", ".0123abcd")
    for other in beside:
        (tmp_path / other).write_text("")
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / name)], cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    (left,) = {*tmp_path.iterdir()} - {tmp_path / other for other in beside}
    assert half_written(tmp_path) == [left]
    assert half_written(tmp_path, f"{name[:3]}*") == [left]
    assert half_written(tmp_path, "results*") == []


def test_a_folder_that_is_missing_is_made(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a" / "b" / "c", b"there")
    assert (tmp_path / "a" / "b" / "c").read_bytes() == b"there"


def test_a_name_may_be_as_long_as_the_system_takes(tmp_path: Path) -> None:
    write_atomically(tmp_path / ("n" * 255), b"there")
    assert (tmp_path / ("n" * 255)).read_bytes() == b"there"
