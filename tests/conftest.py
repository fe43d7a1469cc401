"""What every test stands on: no learner's record is touched, and a notebook runs only once."""

import os
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from pathlib import Path

import pytest
from notebook_runs import Finished, deliver, run

NUMBERS = count()
# The longest first, so that no process is left alone with one of them in the end.
LONGEST = ("notebooks", "test_grading_hostile", "test_grading_command", "test_grading_judge")

if "PYTEST_XDIST_WORKER" in os.environ:
    # Threads that wait for each other on cores that they share would take many times as long.
    os.environ["OMP_NUM_THREADS"] = "1"


@pytest.hookimpl(tryfirst=True)  # before the marks are read
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have each file of tests run in one process, and all that looks at the same notebook runs."""
    groups = {
        item: "notebooks" if "finished" in item.fixturenames else item.path.stem for item in items
    }
    for item, group in groups.items():
        item.add_marker(pytest.mark.xdist_group(group))
    order = {group: rank for rank, group in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(groups[item], len(order)))


@pytest.fixture(autouse=True)
def record_of_this_test(tmp_path_factory) -> Iterator[Path]:
    """Keep the record of exercises in a file of the test's own, which nobody has written yet."""
    path = tmp_path_factory.getbasetemp() / "records" / f"{next(NUMBERS)}" / "progress.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TUTORIAL_PROGRESS", str(path))
        yield path


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Callable[[str], Finished]:
    """Return a function from the name of a notebook, such as "02_stacking", to its run.

    It runs a copy, from top to bottom, when it is first asked for. Checkpoints and the record of
    exercises land beside the copy, outside of the tree.
    """

    @cache
    def run_once(name: str) -> Finished:
        return run(deliver(name, tmp_path_factory.mktemp("delivered")))

    return run_once
