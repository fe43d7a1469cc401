"""What to tell somebody on whose machine no box can be made."""

import platform
import shutil

ANYWAY = (
    "To grade with no protection at all, on a machine that holds nothing of value: "
    "--unsafe-no-sandbox; every row of the marks will say so."
)
LINUX = "Grade on Linux: a virtual machine or a computer of the university will do."
REMEDIES = {
    "bubblewrap": "Install bubblewrap 0.8 or newer: `apt install bubblewrap` "
    "(`dnf install bubblewrap` on Fedora).",
    "util-linux": "Install util-linux, of which prlimit and setpriv are parts: "
    "`apt install util-linux`.",
    "seccomp": "Install the system-call filter: `pip install 'tutorial-lib[class]'` and "
    "`apt install libseccomp2`.",
    "refused": "If bubblewrap may not make namespaces, ask for one of these. "
    "Debian: `sysctl kernel.unprivileged_userns_clone=1`. "
    "Ubuntu 24.04: `sysctl kernel.apparmor_restrict_unprivileged_userns=0`. "
    "Elsewhere: `sysctl user.max_user_namespaces=10000`. "
    "In a container: start it with `--privileged`, or grade outside of it.",
    "python": "Make a virtual environment with the course in it, where `python -I` finds "
    "PyTorch: packages below ~/.local are not seen.",
    "Darwin": f"macOS has no such sandbox. {LINUX}",
    "Windows": f"Windows has no such sandbox. {LINUX} WSL 2 is one.",
}


class SandboxUnavailable(Exception):
    """No box can be made on this machine; the message says why, and what to do.

    Parameters
    ----------
    missing : str
        What was looked for, and not found.
    remedy : str
        A key of `REMEDIES`.

    Attributes
    ----------
    missing, remedy : str
        The parts of the message.
    """

    def __init__(self, missing: str, remedy: str) -> None:
        super().__init__(f"No sandbox: {missing}\n{REMEDIES[remedy]}\n{ANYWAY}")
        self.missing, self.remedy = missing, REMEDIES[remedy]


def require_linux() -> None:
    """Raise `SandboxUnavailable` on another system."""
    system = platform.system()
    if system != "Linux":
        remedy = system if system in REMEDIES else "Windows"
        raise SandboxUnavailable(f"this system is {system}, and it takes Linux.", remedy)


def tool(name: str, package: str) -> str:
    """Return the path of a program.

    Raises
    ------
    SandboxUnavailable
        If it is not installed.
    """
    found = shutil.which(name)
    if found is None:
        raise SandboxUnavailable(f"there is no program `{name}` here.", package)
    return found
