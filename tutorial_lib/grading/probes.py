"""Attack real boxes on this machine, and say what held: ``grade --self-test``."""

import os
import secrets
import select
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from tutorial_lib.grading import confinement
from tutorial_lib.grading.attack import PRELUDE, Attack
from tutorial_lib.grading.attacks import ISOLATION_ATTACKS
from tutorial_lib.grading.attacks_on_limits import LIMIT_ATTACKS
from tutorial_lib.grading.limits import Limits
from tutorial_lib.grading.sandbox import Box

PROBES = (*ISOLATION_ATTACKS, *LIMIT_ATTACKS)
LIMITS = Limits(seconds=20, memory_mb=96, scratch_mb=8, processes=20, output_mb=1)
SECONDS_TO_GO = 1.0  # after a kill, until nobody holds the pipe any more


@dataclass(frozen=True)
class ProbeResult:
    """How one attack went.

    Attributes
    ----------
    name : str
    held : bool
    told : str
        What must hold, or what was found where it did not.
    """

    name: str
    held: bool
    told: str


def self_test() -> list[ProbeResult]:
    """Attack boxes on this machine, one after the other: it takes some ten seconds.

    Raises
    ------
    SandboxUnavailable
        If no box can be made here.
    """
    secret = f"secret-{secrets.token_hex(8)}"
    planted = Path(gettempdir()) / secret
    planted.write_text("nobody may read this")
    try:
        return [attempt(probe, secret=secret) for probe in PROBES]
    finally:
        planted.unlink()


def attempt(probe: Attack, *, secret: str) -> ProbeResult:
    """Run one attack in a box.

    Parameters
    ----------
    probe : Attack
    secret : str
        Name of a file somewhere on the host, which the box must not find.
    """
    with TemporaryDirectory() as folder, _box(probe, Path(folder), secret) as box:
        answer = _read(box.responses, LIMITS.seconds)
        if probe.ends and not answer:
            _read(box.responses, 0)
        began = time.monotonic()
        box.kill()
        survivors = _stays_open(box.responses) or time.monotonic() - began > SECONDS_TO_GO
        return _judged(probe, answer, box, survivors=survivors)


def _judged(probe: Attack, answer: str, box: Box, *, survivors: bool) -> ProbeResult:
    went = box.ended or answer.strip() or f"no answer; it printed: {box.head[-500:]}"
    if survivors:
        return ProbeResult(probe.name, False, "processes outlived the box")
    held = went == (probe.ends or "HELD")
    return ProbeResult(probe.name, held, probe.holds if held else went.removeprefix("BROKEN: "))


def _box(probe: Attack, folder: Path, secret: str) -> Box:
    folder.chmod(0o755)
    script = folder / "attack.py"
    script.write_text(_known(secret) + PRELUDE + probe.program)
    script.chmod(0o644)
    return Box("attack.py", folder, LIMITS)


def _known(secret: str) -> str:
    """Return the Python text of what an attack knows."""
    view = confinement.view()
    visible = {str(up) for path in (*view.folders, *dict(view.links)) for up in path.parents}
    names = {
        "SECRET": secret,
        "COURSE": str(confinement.COURSE),
        "VISIBLE": visible,
        "ALLOWED_VARIABLES": {*confinement.ENVIRONMENT, "PWD", "LC_CTYPE"},
        "PROCESSES": LIMITS.processes,
        "MEMORY_MB": LIMITS.memory_mb,
        "SCRATCH_MB": LIMITS.scratch_mb,
    }
    return "".join(f"{name} = {value!r}\n" for name, value in names.items())


def _read(responses: int, seconds: float) -> str:
    ready: Sequence[int] = select.select([responses], [], [], seconds)[0]
    return os.read(responses, 4096).decode(errors="replace") if ready else ""


def _stays_open(responses: int) -> bool:
    """Tell whether somebody still holds the other end of a pipe, a moment after all should go."""
    until = time.monotonic() + SECONDS_TO_GO
    while select.select([responses], [], [], max(0.0, until - time.monotonic()))[0]:
        if not os.read(responses, 4096):
            return False
    return True
