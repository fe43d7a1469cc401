"""The doctor tells the truth about a healthy machine, and a remedy for each ill one."""

import subprocess
import sys
import tomllib
from argparse import Namespace
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tutorial_lib import doctor
from tutorial_lib.doctor import Finding
from tutorial_lib.grading import sandbox
from tutorial_lib.grading.sandbox import SandboxUnavailable

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def fake_torch(**attributes: Any) -> SimpleNamespace:
    """A PyTorch of another version, on another machine."""
    absent = SimpleNamespace(is_available=lambda: False)
    healthy = {
        "__version__": "2.13.0+cpu",
        "get_num_threads": lambda: 2,
        "cpu": SimpleNamespace(),
        "cuda": absent,
        "backends": SimpleNamespace(mps=absent),
    }
    return SimpleNamespace(**(healthy | attributes))


@pytest.fixture
def torch_is(monkeypatch):
    """Put another PyTorch in the place of the installed one."""

    def replace(**attributes: Any) -> None:
        monkeypatch.setitem(sys.modules, "torch", fake_torch(**attributes))

    return replace


def test_this_machine_has_what_the_tests_themselves_run_on():
    findings = doctor.examine()
    assert list(findings) == list(doctor.CHECKS)
    for name in ("Python", "PyTorch", "Packages", "Disk"):
        assert findings[name].remedy == "", f"{name}: {findings[name]}"
    for name, finding in findings.items():
        assert "cannot tell" not in finding.found, f"the check of {name} failed: {finding}"


def test_thresholds_are_those_of_the_package():
    assert PROJECT["requires-python"] == ">=3.11"
    assert doctor.MINIMUM_PYTHON == (3, 11)
    requirements = [Requirement(line) for line in PROJECT["dependencies"]]
    torch = next(r for r in requirements if r.name == "torch")
    older = Version(f"{doctor.MINIMUM_TORCH[0]}.{doctor.MINIMUM_TORCH[1] - 1}.9")
    assert doctor._dotted(doctor.MINIMUM_TORCH) in torch.specifier
    assert older not in torch.specifier
    assert {*doctor.PACKAGES, "torch", "jupyterlab"} == {r.name for r in requirements}


def test_old_python_is_named_with_a_remedy(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    assert "3.11 or newer" in doctor.check_python().remedy


@pytest.mark.parametrize(
    ("version", "well"),
    [
        ("2.8.1", False),
        ("1.13", False),
        ("2.9.0a0+git1", True),
        ("2.13.0+cpu", True),
        ("3.0", True),
    ],
)
def test_torch_version(torch_is, version, well):
    torch_is(__version__=version)
    finding = doctor.check_torch()
    assert (finding.remedy == "") is well
    assert version in finding.found
    assert "2 thread" in finding.found


def test_broken_torch_is_a_finding_not_a_traceback(monkeypatch):
    def broken(name: str) -> None:
        raise OSError("libtorch_cpu.so: cannot open shared object file")

    monkeypatch.setattr(doctor, "import_module", broken)
    findings = doctor.examine()
    assert "libtorch_cpu.so" in findings["PyTorch"].found
    assert doctor.status("PyTorch", findings["PyTorch"]) == "MISSING"
    # Nobody should look for a GPU first when PyTorch is what is broken.
    assert doctor.status("GPU", findings["GPU"]) == "optional"
    assert doctor.status("bf16", findings["bf16"]) == "optional"


@pytest.mark.parametrize(
    ("capabilities", "found"),
    [
        ({"avx512_bf16": True, "amx_bf16": False}, "avx512_bf16"),
        ({"avx512_bf16": True, "amx_bf16": True}, "amx_bf16, avx512_bf16"),
        ({"avx2": True, "avx512_bf16": False}, "not in this CPU"),
        ({}, "not in this CPU"),
    ],
)
def test_bf16(torch_is, capabilities, found):
    torch_is(cpu=SimpleNamespace(get_capabilities=lambda: capabilities))
    assert doctor.check_bf16().found == found


def test_bf16_on_a_torch_that_cannot_tell(torch_is):
    torch_is()  # its torch.cpu has no get_capabilities
    assert doctor.check_bf16().found == "not in this CPU"


def test_gpu(torch_is):
    present = SimpleNamespace(is_available=lambda: True, get_device_name=lambda index: "Fast One")
    torch_is(cuda=present)
    assert doctor.check_gpu() == Finding("Fast One")
    torch_is(backends=SimpleNamespace(mps=present))
    assert doctor.check_gpu() == Finding("Apple GPU (mps)")
    torch_is()
    assert doctor.check_gpu().found == "none"


def test_missing_packages_are_named(monkeypatch):
    def version(name: str) -> str:
        if name in ("pooch", "jupyterlab"):
            raise metadata.PackageNotFoundError(name)
        return "1.2"

    monkeypatch.setattr(metadata, "version", version)
    assert doctor.check_packages().found == "without pooch"
    assert "make setup" in doctor.check_packages().remedy
    assert "make setup" in doctor.check_jupyterlab().remedy


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        ((True, "verified in a folder"), Finding("verified in a folder")),
        (
            (False, "a file is missing: do this"),
            Finding("not ready", "a file is missing: do this."),
        ),
    ],
)
def test_data_is_what_mnist_says(monkeypatch, answer, finding):
    mnist = SimpleNamespace(mnist_status=lambda: answer)
    monkeypatch.setitem(sys.modules, "tutorial_lib.mnist", mnist)
    assert doctor.check_data() == finding


@pytest.mark.parametrize(("free", "well"), [(499_000_000, False), (500_000_000, True)])
def test_disk(monkeypatch, free, well):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda folder: SimpleNamespace(free=free))
    assert (doctor.check_disk().remedy == "") is well


def test_browser(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    assert "apt install chromium" in doctor.check_browser().remedy
    monkeypatch.setattr(doctor.shutil, "which", {"google-chrome": "chrome-here"}.get)
    assert doctor.check_browser() == Finding("chrome-here")


def test_sandbox(monkeypatch):
    def none() -> str:
        raise SandboxUnavailable("there is no program `bwrap` here.", "bubblewrap")

    monkeypatch.setattr(sandbox, "level", none)
    finding = doctor.check_sandbox()
    assert finding.found == "there is no program `bwrap` here."
    assert finding.remedy.startswith("only grading a class needs it. Install bubblewrap")
    monkeypatch.setattr(sandbox, "level", lambda: "bubblewrap 9.9, seccomp")
    assert doctor.check_sandbox() == Finding("bubblewrap 9.9, seccomp")


@pytest.mark.parametrize(
    ("findings", "exit_status", "last_line"),
    [
        ({"Python": Finding("3.11")}, 0, "All that is needed is here."),
        ({"GPU": Finding("none", "nothing to do.")}, 0, "All that is needed is here."),
        ({"Data": Finding("none", "fetch it."), "Disk": Finding("1 GB")}, 1, "Missing: Data."),
    ],
)
def test_exit_status_and_last_line(monkeypatch, capsys, findings, exit_status, last_line):
    monkeypatch.setattr(doctor, "examine", lambda: findings)
    assert doctor.run(Namespace()) == exit_status
    assert capsys.readouterr().out.splitlines()[-1] == last_line


def test_table_is_plain_text_with_one_remedy_below_each_row():
    table = doctor.format_table(
        {
            "Python": Finding("3.11.2"),
            "GPU": Finding("none", "nothing."),
            "Data": Finding("", "do!"),
        }
    )
    assert table.isascii()
    assert "\x1b" not in table
    assert [line.split() for line in table.splitlines()] == [
        ["Python", "OK", "3.11.2"],
        ["GPU", "optional", "none"],
        ["->", "nothing."],
        ["Data", "MISSING"],
        ["->", "do!"],
    ]


def test_it_runs_where_torch_is_not_installed():
    """The case that needs a doctor most: the package itself must not stand in its way."""
    code = (
        "import sys; sys.modules.update(torch=None, numpy=None, matplotlib=None); "
        "sys.argv = ['tutorial_lib', 'doctor']; "
        "import runpy; runpy.run_module('tutorial_lib', run_name='__main__')"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert process.stderr == ""
    assert process.returncode == 1
    assert "PyTorch     MISSING" in process.stdout
    assert "Missing: PyTorch" in process.stdout
