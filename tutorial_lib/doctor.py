"""Look at this machine and say what the notebooks will find: ``python -m tutorial_lib doctor``.

Only the standard library is imported at the top: a doctor that needs the patient's health is of
no use. Every check reads, and changes nothing.
"""

import argparse
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path

MINIMUM_PYTHON = (3, 11)
MINIMUM_TORCH = (2, 9)
MINIMUM_DISK = 500_000_000  # bytes: the data in its cache, checkpoints and reports
PACKAGES = (
    *("numpy", "matplotlib", "tqdm", "pooch", "ipywidgets", "anywidget", "pillow"),
    *("nbclient", "nbformat", "nbconvert", "math-core"),
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
INSTALL = "type `make setup`, or with conda: `conda env update -f environment.yml`."


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Parameters
    ----------
    found : str
        A few words.
    remedy : str
        What to do or know; empty if all is well.
    """

    found: str
    remedy: str = ""


def check_python() -> Finding:
    """Is Python new enough?"""
    found = f"{platform.python_version()} in {sys.prefix}"
    if sys.version_info[:2] < MINIMUM_PYTHON:
        return Finding(found, f"install Python {_dotted(MINIMUM_PYTHON)} or newer.")
    return Finding(found)


def check_torch() -> Finding:
    """Can PyTorch be imported, is it new enough, and how many threads does it use?"""
    try:
        torch = import_module("torch")
    except Exception as error:  # a broken library file raises OSError, a broken build anything
        return Finding(f"cannot be imported ({error})", INSTALL)
    version = str(torch.__version__)
    threads = f"{version}, {torch.get_num_threads()} thread(s) on {os.cpu_count()} CPU(s)"
    if tuple(int(part) for part in version.split(".")[:2]) < MINIMUM_TORCH:
        return Finding(threads, f"{_dotted(MINIMUM_TORCH)} or newer is needed: {INSTALL}")
    return Finding(threads)


def check_packages() -> Finding:
    """Are the smaller packages installed?"""
    missing = [name for name in PACKAGES if _version(name) is None]
    if missing:
        return Finding(f"without {', '.join(missing)}", INSTALL)
    return Finding(", ".join(f"{name} {_version(name)}" for name in PACKAGES))


def check_bf16() -> Finding:
    """Does the CPU multiply bfloat16 matrices in hardware?"""
    torch = import_module("torch")
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    names = sorted(name for name, has in capabilities.items() if "bf16" in name and has is True)
    if names:
        return Finding(", ".join(names))
    return Finding("not in this CPU", "nothing to do: float32 is the default.")


def check_gpu() -> Finding:
    """Is there a GPU that PyTorch can use?"""
    torch = import_module("torch")
    if torch.cuda.is_available():
        return Finding(str(torch.cuda.get_device_name(0)))
    if torch.backends.mps.is_available():
        return Finding("Apple GPU (mps)")
    return Finding("none", "nothing to do: the course is made for a CPU.")


def check_jupyterlab() -> Finding:
    """Is JupyterLab installed?"""
    version = _version("jupyterlab")
    return Finding(version) if version else Finding("not installed", INSTALL)


def check_data() -> Finding:
    """Is a verified copy of MNIST on this machine?"""
    ok, text = import_module("tutorial_lib.mnist").mnist_status()
    return Finding(text) if ok else Finding("not ready", f"{text}.")


def check_disk() -> Finding:
    """Is there room for the data and the results?"""
    free = min(shutil.disk_usage(folder).free for folder in (Path.cwd(), Path.home()))
    found = f"{free / 1e9:.1f} GB free"
    if free < MINIMUM_DISK:
        return Finding(found, f"make room: {MINIMUM_DISK / 1e9:.1f} GB are needed.")
    return Finding(found)


def check_browser() -> Finding:
    """Is there a browser that tests can drive?"""
    paths = [path for path in map(shutil.which, BROWSERS) if path]
    if paths:
        return Finding(paths[0])
    remedy = "only tests in a browser need it (Debian, Ubuntu: `apt install chromium`)."
    return Finding("no Chromium or Chrome", remedy)


def check_sandbox() -> Finding:
    """Is there a sandbox for what a class hands in?"""
    sandbox = import_module("tutorial_lib.grading.sandbox")
    try:
        return Finding(sandbox.level())
    except sandbox.SandboxUnavailable as error:
        return Finding(error.missing, f"only grading a class needs it. {error.remedy}")


CHECKS: dict[str, Callable[[], Finding]] = {
    "Python": check_python,
    "PyTorch": check_torch,
    "Packages": check_packages,
    "bf16": check_bf16,
    "GPU": check_gpu,
    "JupyterLab": check_jupyterlab,
    "Data": check_data,
    "Disk": check_disk,
    "Browser": check_browser,
    "Sandbox": check_sandbox,
}
OPTIONAL = ("bf16", "GPU", "Browser", "Sandbox")  # the notebooks can do without these


def examine() -> dict[str, Finding]:
    """Run every check; one that fails is a finding too.

    Returns
    -------
    dict of str to Finding
        In the order of the table.
    """
    return {name: _survive(check) for name, check in CHECKS.items()}


def status(name: str, finding: Finding) -> str:
    """Return ``OK``, ``MISSING`` or, where the notebooks can do without, ``optional``."""
    if not finding.remedy:
        return "OK"
    return "optional" if name in OPTIONAL else "MISSING"


def format_table(findings: dict[str, Finding]) -> str:
    """Return the findings as plain text, each remedy on a line of its own."""
    width = max(len(name) for name in findings)
    lines = []
    for name, finding in findings.items():
        lines.append(f"{name:{width}}  {status(name, finding):8}  {finding.found}")
        if finding.remedy:
            lines.append(f"{'':{width}}  {'':8}  -> {finding.remedy}")
    return "\n".join(lines)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing: the doctor asks no questions."""


def run(arguments: argparse.Namespace) -> int:
    """Print the table; return 1 if something needed is missing, else 0."""
    findings = examine()
    missing = [name for name, finding in findings.items() if status(name, finding) == "MISSING"]
    print(format_table(findings))
    print(f"\nMissing: {', '.join(missing)}." if missing else "\nAll that is needed is here.")
    return 1 if missing else 0


def _survive(check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except Exception as error:  # any failure of a check must still give a row of the table
        return Finding(f"cannot tell ({type(error).__name__}: {error})", INSTALL)


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
