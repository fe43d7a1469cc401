"""Where submissions are judged: in processes of this machine, or on the workers of a cluster."""

from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context

from tutorial_lib.grading import errand


class ClusterUnavailable(Exception):
    """There is no cluster; the message says what to do."""


def choose(jobs: int, scheduler: str | None) -> tuple[Callable[[], Executor], int]:
    """Return how an executor is started, and how many submissions it judges at once.

    Parameters
    ----------
    jobs : int
        Processes on this machine.
    scheduler : str or None
        Address of a Dask scheduler, whose workers judge instead.

    Raises
    ------
    ClusterUnavailable
        If Dask is not installed, or nobody answers.
    """
    if scheduler is not None:
        return _cluster(scheduler)

    def start() -> Executor:
        # Spawned: a forked process would hold on to the journal's lock.
        return ProcessPoolExecutor(jobs, get_context("spawn"), errand.end_with_parent)

    return start, jobs


def _cluster(address: str) -> tuple[Callable[[], Executor], int]:
    try:
        from distributed import Client
    except ImportError:
        raise ClusterUnavailable(
            "--scheduler needs Dask: pip install 'tutorial-lib[cluster]', here and on the workers."
        ) from None
    try:
        client = Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterUnavailable(
            f"No Dask scheduler answers at {address} ({error}); see GRADING.md."
        ) from None
    n_threads = sum(client.nthreads().values())
    if not n_threads:
        client.close()
        raise ClusterUnavailable(f"The scheduler at {address} has no workers; start some.")
    return lambda: client.get_executor(pure=False, retries=0), n_threads
