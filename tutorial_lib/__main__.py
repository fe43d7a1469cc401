"""The commands: ``python -m tutorial_lib doctor | data | solve | grade | …``.

Each command is a pair of functions, ``add_arguments(parser)`` and ``run(arguments) -> int``. A
command's module is imported only when the command is called, so that the doctor can look at an
installation on which another command would not even start.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

from tutorial_lib import doctor

PROGRAM = "python -m tutorial_lib"

COMMANDS = {
    "doctor": "look at this machine and say what is missing",
    "data": "fetch and verify MNIST, or say where the verified copy is",
    "solve": "insert the reference solutions into notebooks, run them, write pages",
    "grade": "judge submitted notebooks in a sandbox; write marks, feedback, a page on the class",
    "export": "write the course for another grader (nbgrader)",
    "reproduce": "train a published recipe; print published and obtained results",
    "study": "train with and without pre-training over labels, depths and seeds",
    "bench": "measure the speed beside the common loop and the bare matrix products",
}


class Command(Protocol):
    """What a command offers, be it a module or a class."""

    def add_arguments(self, parser: argparse.ArgumentParser, /) -> None:
        """Declare the command's options."""

    def run(self, arguments: argparse.Namespace, /) -> int:
        """Carry it out and return the exit status."""


class Data:
    """The command ``data``."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Say where else the data may come from; there are no options."""
        parser.epilog = (
            "Set the environment variable TUTORIAL_MNIST_FOLDER to a folder with the four "
            "published files, plain or .gz, and they are read from there."
        )

    def run(self, arguments: argparse.Namespace) -> int:
        """Load MNIST, fetching it if need be, and say where it is."""
        mnist = import_module("tutorial_lib.mnist")
        mnist.load_mnist()
        print(mnist.mnist_status()[1])
        return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    Parameters
    ----------
    argv : sequence of str, optional
        The words after the program's name; default: those of this process.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if not words:
        _overview().print_help()
        return 0
    if words[0] not in COMMANDS:
        _overview().parse_args(words)  # prints the help, or the error, and exits
    command = _load(words[0])
    parser = argparse.ArgumentParser(f"{PROGRAM} {words[0]}", description=COMMANDS[words[0]])
    command.add_arguments(parser)
    return _run(command, parser.parse_args(words[1:]))


def _overview() -> argparse.ArgumentParser:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {summary}" for name, summary in COMMANDS.items()]
    parser = argparse.ArgumentParser(
        PROGRAM,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="The commands of the course:\n\n" + "\n".join(lines),
        epilog=f"`{PROGRAM} COMMAND --help` lists the options of a command.",
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help=argparse.SUPPRESS)
    return parser


def _load(name: str) -> Command:
    if name == "data":
        return Data()
    if name == "doctor":
        return doctor
    return cast(Command, import_module(f"tutorial_lib.{name}"))


def _run(command: Command, arguments: argparse.Namespace) -> int:
    try:
        return command.run(arguments)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130  # what a shell reports for a program that Ctrl-C ended
    except _data_error() as error:
        print(error, file=sys.stderr)
        return 1


def _data_error() -> type[Exception] | tuple[()]:
    """Return the error that says why there are no data; nothing where nobody asked for data."""
    mnist = sys.modules.get("tutorial_lib.mnist")
    return cast(type[Exception], mnist.MNISTError) if mnist else ()


if __name__ == "__main__":
    sys.exit(main())
