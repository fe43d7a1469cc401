"""The command line: what is listed runs, what is not is refused in a sentence."""

import argparse
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tutorial_lib import __main__ as command_line

ROOT = Path(__file__).parents[1]


def test_alone_it_lists_every_command(capsys):
    assert command_line.main([]) == 0
    out = capsys.readouterr().out
    for name, summary in command_line.COMMANDS.items():
        assert f"  {name}" in out
        assert summary in out


@pytest.mark.parametrize("name", command_line.COMMANDS)
def test_every_command_explains_itself(capsys, name):
    with pytest.raises(SystemExit) as stopped:
        command_line.main([name, "--help"])
    assert stopped.value.code == 0
    assert f"usage: python -m tutorial_lib {name}" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["frobnicate"], ["--frobnicate"], ["doctor", "now"]])
def test_unknown_words_are_refused_without_a_traceback(capsys, words):
    with pytest.raises(SystemExit) as stopped:
        command_line.main(words)
    assert stopped.value.code == 2
    assert "usage: python -m tutorial_lib" in capsys.readouterr().err


def test_a_command_gets_its_arguments_and_its_status_is_the_exit_status(monkeypatch):
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--seed", type=int)

    module = SimpleNamespace(add_arguments=add_arguments, run=lambda arguments: arguments.seed)
    monkeypatch.setitem(sys.modules, "tutorial_lib.bench", module)
    assert command_line.main(["bench", "--seed", "7"]) == 7


def test_interrupting_a_command_is_told_in_a_word(monkeypatch, capsys):
    def interrupted(arguments: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    module = SimpleNamespace(add_arguments=lambda parser: None, run=interrupted)
    monkeypatch.setitem(sys.modules, "tutorial_lib.bench", module)
    assert command_line.main(["bench"]) == 130
    assert capsys.readouterr().err == "Interrupted.\n"


def test_data_are_loaded_and_then_located(monkeypatch, capsys):
    calls = []
    module = SimpleNamespace(
        load_mnist=lambda: calls.append("load"),
        mnist_status=lambda: (bool(calls), "verified, in a folder"),
    )
    monkeypatch.setitem(sys.modules, "tutorial_lib.mnist", module)
    assert command_line.main(["data"]) == 0
    assert calls == ["load"]
    assert capsys.readouterr().out == "verified, in a folder\n"


def test_data_that_cannot_be_had_is_told_in_one_message(monkeypatch, capsys):
    class MNISTError(RuntimeError):
        pass

    def fail() -> None:
        raise MNISTError("no source answered: name a folder")

    module = SimpleNamespace(MNISTError=MNISTError, load_mnist=fail)
    monkeypatch.setitem(sys.modules, "tutorial_lib.mnist", module)
    assert command_line.main(["data"]) == 1
    assert capsys.readouterr().err == "no source answered: name a folder\n"


def test_it_runs_as_a_module():
    process = subprocess.run(
        [sys.executable, "-m", "tutorial_lib"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert process.returncode == 0
    assert "reproduce" in process.stdout
