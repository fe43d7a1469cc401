"""What every test stands on: no learner's record is touched, and a notebook runs only once."""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from pathlib import Path

import pytest
from notebook_runs import Finished, deliver, run

NUMBERS = count()


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
