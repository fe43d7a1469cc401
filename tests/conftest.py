"""What every test stands on: no learner's record is touched, and a notebook runs only once."""

import os
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from pathlib import Path

import pytest
from notebook_runs import Finished, deliver, run
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

NUMBERS = count()
# The longest first, so that no process is left alone with one of them in the end.
LONGEST = ("notebooks", "test_grading_hostile", "test_grading_command", "test_grading_judge")

if "PYTEST_XDIST_WORKER" in os.environ:
    # Threads that wait for each other on cores that they share would take many times as long.
    os.environ["OMP_NUM_THREADS"] = "1"


def group_of(nodeid: str) -> str:
    """Return what a test belongs to: its file, or all that looks at the same runs of notebooks."""
    file = nodeid.partition("::")[0]
    return "notebooks" if "notebook" in file else Path(file).stem


class Groups(LoadScopeScheduling):
    """Has one process run a group from its first test to its last, so that a fixture is made once.

    pytest-xdist 3.8 has ``--dist=loadgroup`` for that, which pytest 9.2 leaves without effect.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Groups:
    """Have pytest-xdist ask us who runs what."""
    return Groups(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest groups."""
    order = {group: rank for rank, group in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(group_of(item.nodeid), len(order)))


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
