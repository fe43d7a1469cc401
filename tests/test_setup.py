"""The first five minutes of a new user: make, its messages, and the files it installs from."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
TARGETS = ("lab", "setup", "test", "reproduce", "bench", "lint", "constraints")


# --- make -------------------------------------------------------------------------------------


def clean_environment(**changes: str) -> dict[str, str]:
    """The environment without what an outer `make` leaves for an inner one."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return inherited | changes


def make(folder: Path, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *words],
        cwd=folder,
        env=clean_environment(**changes),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout on which nobody has called make; its path has a space, as many have."""
    folder = tmp_path / "my course"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    for name in ("tutorial_lib", "notebooks"):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.fixture
def ready(checkout: Path) -> Path:
    """The same after `make test`: its .venv stands for the environment that runs this test."""
    bin_folder = checkout / ".venv" / "bin"
    bin_folder.mkdir(parents=True)
    script(bin_folder / "python", f'exec "{sys.executable}" "$@"')
    (checkout / ".venv" / ".made").write_text(f"{checkout}\n")
    for stamp in (".installed", ".installed-dev"):
        (checkout / ".venv" / stamp).touch()
    return checkout


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def python_that(folder: Path, first: str) -> Path:
    """A Python that executes a line before what it is asked for: an older, or a poorer, one."""
    (folder / "first.py").write_text(
        f"import sys\n{first}\nif sys.argv[1] == '-c':\n    exec(sys.argv[2])\n"
    )
    return script(folder / "a-python", f'exec "{sys.executable}" "{folder}/first.py" "$@"')


def test_make_alone_lists_every_target_with_a_line(checkout):
    result = make(checkout)
    assert result.returncode == 0
    listed = re.findall(r"^  (\S+) +(\S.*)$", result.stdout, re.MULTILINE)
    assert [name for name, _ in listed] == list(TARGETS)
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    assert {*phony[1].split()} == {*TARGETS, "help", "FORCE"}
    assert not (checkout / ".venv").exists()


def test_readme_tells_of_every_target_and_command():
    from tutorial_lib.__main__ import COMMANDS

    readme = (ROOT / "README.md").read_text()
    assert [t for t in TARGETS if f"`make {t}" not in readme] == []
    assert [c for c in COMMANDS if f"tutorial_lib {c}" not in readme] == []


def one_sentence(result: subprocess.CompletedProcess[str]) -> str:
    """What a failed make told the user: one line, apart from make's own."""
    assert result.returncode != 0
    lines = [line for line in result.stderr.splitlines() if not line.startswith("make: ***")]
    assert len(lines) == 1, result.stderr
    assert "Traceback" not in result.stdout + result.stderr
    return lines[0]


@pytest.mark.parametrize("target", ["lab", "setup", "test", "reproduce", "bench", "lint"])
def test_without_python(checkout, target):
    told = one_sentence(make(checkout, target, "PYTHON=no-such-python"))
    assert "no working 'no-such-python'" in told
    assert "apt install python3" in told
    assert "PYTHON=" in told


def test_with_a_python_that_is_too_old(checkout, tmp_path):
    old = python_that(
        tmp_path,
        "import platform; sys.version_info = (3, 9, 2); platform.python_version = lambda: '3.9.2'",
    )
    told = one_sentence(make(checkout, "lab", f"PYTHON={old}"))
    assert "is Python 3.9.2, which is too old: install 3.11 or newer" in told


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_with_a_python_without_venv(checkout, tmp_path, module):
    poor = python_that(tmp_path, f"sys.modules[{module!r}] = None")
    told = one_sentence(make(checkout, "lab", f"PYTHON={poor}"))
    assert "lacks the venv module" in told
    assert "apt install python3-venv" in told
    assert not (checkout / ".venv").exists()


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_without_a_network(checkout, tmp_path):
    nowhere = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": f"http://127.0.0.1:{closed_port()}/simple",
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_FIND_LINKS": "",
        "PIP_RETRIES": "1",
        "PIP_CACHE_DIR": str(tmp_path / "cache"),
    }
    told = one_sentence(make(checkout, "setup", f"PYTHON={sys.executable}", **nowhere))
    assert "connect this machine to the network" in told
    assert "PIP_INDEX_URL" in told
    # Nothing is half done: the environment is kept, the installation is tried again.
    assert (checkout / ".venv" / ".made").exists()
    assert not (checkout / ".venv" / ".installed").exists()


def test_another_failure_of_pip_is_shown_as_pip_tells_it(checkout):
    bin_folder = checkout / ".venv" / "bin"
    bin_folder.mkdir(parents=True)
    script(bin_folder / "python", 'test "$1" = -c || { echo "ERROR: No space left" >&2; exit 1; }')
    (checkout / ".venv" / ".made").write_text(f"{checkout}\n")
    result = make(checkout, "setup")
    assert result.returncode != 0
    assert "ERROR: No space left\npip could not install the packages" in result.stderr


@pytest.mark.parametrize("target", ["lab", "setup", "test", "reproduce", "bench", "lint"])
def test_the_second_time_nothing_is_installed(ready, target):
    plan = make(ready, "--dry-run", target)
    assert plan.returncode == 0
    assert "venv --clear" not in plan.stdout
    assert "pip" not in plan.stdout


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt"])
def test_new_requirements_are_installed(ready, changed):
    later = time.time() + 10
    os.utime(ready / changed, (later, later))
    plan = make(ready, "--dry-run", "test").stdout
    assert "venv --clear" not in plan
    assert "--editable '.[class]'" in plan
    assert "--editable '.[dev]'" in plan


@pytest.mark.parametrize("what", ["moved", "python gone"])
def test_an_environment_that_cannot_work_any_more_is_made_anew(ready, what):
    if what == "moved":
        ready = ready.rename(ready.with_name("elsewhere"))
    else:
        (ready / ".venv" / "bin" / "python").unlink()
    assert "venv --clear" in make(ready, "--dry-run", "lab").stdout


def test_only_root_gets_what_jupyterlab_wants_of_root(ready, tmp_path):
    for user, is_root in (("0", True), ("1000", False)):
        script(tmp_path / "id", f"echo {user}")
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        plan = make(ready, "--dry-run", "lab", PATH=path).stdout
        assert ("--allow-root" in plan) is is_root
        assert ("You are root" in plan) is is_root


def test_reproduce_runs_both_recipes_or_the_named_one_with_more_arguments(ready):
    script(ready / ".venv" / "bin" / "python", 'test "$1" = -c || echo "$@"')
    both = make(ready, "reproduce").stdout.splitlines()
    assert both[-2:] == [
        "-m tutorial_lib reproduce ufldl --resume",
        "-m tutorial_lib reproduce sda --resume",
    ]
    one = make(ready, "reproduce", "RECIPE=sda", "ARGS=--preset quick --seed 3").stdout.splitlines()
    expected = "--resume --preset quick --seed 3"
    assert one[-1].endswith(f"reproduce sda {expected}")
    assert "reproduce ufldl" not in "".join(one)


def test_reproduce_stops_at_the_first_failure(ready):
    script(ready / ".venv" / "bin" / "python", 'test "$3" != reproduce || { echo "$4"; exit 3; }')
    result = make(ready, "reproduce")
    assert result.returncode != 0
    assert result.stdout == "ufldl\n"


# --- JupyterLab --------------------------------------------------------------------------------


@pytest.fixture
def lab(ready: Path, tmp_path: Path) -> Iterator[tuple[str, str, Path]]:
    """`make lab` for real, with nobody's settings: its address, its token, what it printed."""
    port, log = closed_port(), tmp_path / "lab.txt"
    private = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "RUNTIME")}
    with log.open("w") as words:
        process = subprocess.Popen(
            ["make", "lab", f"ARGS=--no-browser --port={port}"],
            cwd=ready,
            env=clean_environment(**private),
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            start_new_session=True,
        )
    try:
        yield f"http://127.0.0.1:{port}", wait_for_token(process, log), log
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)


def wait_for_token(process: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < end:
        if found := re.search(r"[?&]token=([0-9a-f]{32,})", log.read_text()):
            return found[1]
        time.sleep(0.2)
    raise AssertionError(f"JupyterLab showed no address with a token:\n{log.read_text()}")


def get(address: str, token: str = "") -> str:
    headers = {"Authorization": f"token {token}"} if token else {}
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:
        return str(answer.read().decode())


def test_make_lab_opens_jupyterlab_on_the_notebooks(lab):
    address, token, log = lab
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        get(f"{address}/api/contents")
    refused.value.close()
    listing = json.loads(get(f"{address}/api/contents", token))["content"]
    names = [entry["name"] for entry in listing]
    assert "01_autoencoder.ipynb" in names
    assert "Makefile" not in names
    # The kernel that it offers is the environment's own, in which the library is installed.
    kernels = json.loads(get(f"{address}/api/kernelspecs", token))
    assert kernels["default"] in kernels["kernelspecs"]
    assert "<title>JupyterLab</title>" in get(f"{address}/lab", token)
    words = log.read_text()
    assert f"/lab/tree/01_autoencoder.ipynb?token={token}" in words
    assert ("You are root" in words) is (os.geteuid() == 0)


# --- The files that name packages --------------------------------------------------------------

# What conda-forge calls differently; the CPU build has a name of its own there, and matplotlib
# without a desktop window toolkit too.
CONDA_NAMES = {"torch": "pytorch-cpu", "matplotlib": "matplotlib-base"}
# What conda-forge does not have: pip brings it, with this project.
NOT_ON_CONDA_FORGE = {"math-core"}


def requirements(lines: list[str]) -> dict[str, SpecifierSet]:
    return {canonicalize_name(r.name): r.specifier for r in map(Requirement, lines)}


def conda() -> tuple[dict[str, SpecifierSet], list[str]]:
    """The packages of environment.yml with their ranges, and what it leaves to pip."""
    entries = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    from_pip = next(entry["pip"] for entry in entries if isinstance(entry, dict))
    return requirements([entry for entry in entries if isinstance(entry, str)]), from_pip


def pinned() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    assert [pair for pair in pairs if len(pair) != 2] == [], "every line is name==version"
    return {canonicalize_name(name): version for name, version in pairs}


def test_conda_and_pip_ask_for_the_same():
    packages, from_pip = conda()
    python = packages.pop("python")
    assert from_pip == ["-e ."]
    assert packages.pop("pip") == SpecifierSet()
    ours = requirements(PROJECT["dependencies"])
    for name in NOT_ON_CONDA_FORGE:
        del ours[name]
    assert packages == {CONDA_NAMES.get(name, name): ranges for name, ranges in ours.items()}
    for version in ("3.11.0", "3.12.1", "3.13.0"):
        assert version in python
        assert version in SpecifierSet(PROJECT["requires-python"])
    assert "3.10.14" not in python
    assert "3.10.14" not in SpecifierSet(PROJECT["requires-python"])


def test_every_line_of_the_conda_environment_has_its_reason():
    text = (ROOT / "environment.yml").read_text()
    entries = [line for line in text.splitlines() if line.strip().startswith("- ")]
    unexplained = [e for e in entries if " # " not in e and e.strip() != "- pip:"]
    assert unexplained == []


def test_pins_are_inside_the_ranges():
    pins = pinned()
    extra = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    others = [line for line in extra if not line.startswith("tutorial-lib[")]
    for name, ranges in requirements([*PROJECT["dependencies"], *others]).items():
        assert pins[name] in ranges, f"{name}=={pins[name]} is outside {ranges}"


def needed_by(requirement: Requirement, seen: set[str]) -> None:
    """Add to `seen` everything that a requirement brings on this Python and platform."""
    name = canonicalize_name(requirement.name)
    if name in seen:
        return
    seen.add(name)
    for line in metadata.requires(name) or []:
        inner = Requirement(line)
        extras = requirement.extras or {""}
        if not inner.marker or any(inner.marker.evaluate({"extra": extra}) for extra in extras):
            needed_by(inner, seen)


# Only PyTorch's CUDA build brings these; constraints.txt serves the CPU build too.
CUDA = re.compile(r"^(nvidia|cuda|triton)")


def test_everything_that_gets_installed_is_pinned():
    extra = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    seen: set[str] = set()
    for line in [*PROJECT["dependencies"], *extra]:
        needed_by(Requirement(line), seen)
    ours = {"tutorial-lib"}  # its extras name one another
    assert {name for name in seen if not CUDA.match(name)} - {*pinned()} - ours == set()


def test_pins_suit_every_build_of_pytorch():
    assert [name for name in pinned() if CUDA.match(name)] == []
    assert [version for version in pinned().values() if "+" in version] == []
    assert "make constraints" in (ROOT / "constraints.txt").read_text().split("\n\n")[0]
