"""What every test stands on: no learner's record is touched, and a notebook runs only once."""

import os
import pickle
import signal
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from notebook_runs import Finished, deliver, run

# A shell that starts us in the background has us ignore Ctrl-C, and with us all that we start.
signal.signal(signal.SIGINT, signal.default_int_handler)

NUMBERS = count()
Once = Callable[[str, Callable[[Path], Any]], Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have processes that share the tests end together, and seldom wait for each other.

    What takes longest comes first, and last what needs the runs of notebooks in it.
    """
    first, solved = "test_browser_notebooks.py", "test_solved_notebooks.py"

    def rank(item: pytest.Item) -> tuple[bool, bool, bool]:
        name = item.path.name
        return name != first, "notebook" in name, name != solved

    items.sort(key=rank)


@pytest.fixture(autouse=True)
def record_of_this_test(tmp_path_factory) -> Iterator[Path]:
    """Keep the record of exercises in a file of the test's own, which nobody has written yet."""
    path = tmp_path_factory.getbasetemp() / "records" / f"{next(NUMBERS)}" / "progress.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TUTORIAL_PROGRESS", str(path))
        yield path


@pytest.fixture(scope="session")
def once(tmp_path_factory) -> Once:
    """Return a function that makes something in a folder, once for all processes of this run.

    It takes a name and a function from an empty folder to what is wanted, and returns that. Who
    asks while another process makes it waits.
    """
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent  # each process has a folder of its own in there

    def made(name: str, make: Callable[[Path], Any]) -> Any:
        kept = place / f"{name}.pickle"
        with FileLock(place / f"{name}.lock"):
            if not kept.exists():
                folder = place / name
                folder.mkdir()
                kept.write_bytes(pickle.dumps(make(folder)))
        return pickle.loads(kept.read_bytes())

    return made


@pytest.fixture(scope="session")
def finished(once) -> Callable[[str], Finished]:
    """Return a function from the name of a notebook, such as "02_stacking", to its run.

    It runs a copy, from top to bottom, when it is first asked for. Checkpoints and the record of
    exercises land beside the copy, outside of the tree.
    """

    @cache
    def run_once(name: str) -> Finished:
        done: Finished = once(f"delivered-{name}", lambda folder: run(deliver(name, folder)))
        return done

    return run_once
