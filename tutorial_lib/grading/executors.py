"""Where submissions are judged: in processes of this machine, or on the workers of a cluster."""

import re
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from tutorial_lib.grading import errand

HAS_THE_COURSE = "__import__('importlib.util').util.find_spec('tutorial_lib') is not None"


class ClusterUnavailable(Exception):
    """There is no cluster; the message says what to do."""


class Place(Protocol):
    """Where submissions are judged.

    Attributes
    ----------
    n_jobs : int
        How many it judges at once.
    """

    n_jobs: int

    def start(self) -> Executor:
        """Return an executor; called again when one has broken."""

    def end(self, executor: Executor, *, at_once: bool) -> None:
        """End an executor: politely, or with what runs in it."""

    def error_of(self, future: "Future[dict[str, Any]]") -> BaseException | None:
        """Return why there is no result, or None if there is one."""


class Processes:
    """Processes of this machine."""

    def __init__(self, n_jobs: int) -> None:
        self.n_jobs = n_jobs
        self._scratch: TemporaryDirectory[str]

    def start(self) -> Executor:
        """Return a pool; its processes are started as they are needed."""
        # Theirs, but ours to remove: they may be killed.
        self._scratch = TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True)
        Path(self._scratch.name).chmod(0o755)
        return ProcessPoolExecutor(
            self.n_jobs,
            get_context("spawn"),  # a forked process would hold on to the journal's lock
            errand.follow_parent,
            (self._scratch.name,),
        )

    def end(self, executor: Executor, *, at_once: bool) -> None:
        """End a pool; at once means that nobody waits for answers that may take minutes."""
        processes = [*(getattr(executor, "_processes", None) or {}).values()]
        executor.shutdown(wait=not at_once, cancel_futures=True)
        if at_once:
            for process in processes:
                process.kill()  # and with it goes its box
        self._scratch.cleanup()

    def error_of(self, future: "Future[dict[str, Any]]") -> BaseException | None:
        """Return why there is no result, or None if there is one."""
        return future.exception()


class Cluster:
    """The workers of a Dask cluster, a submission per thread.

    Raises
    ------
    ClusterUnavailable
        If Dask is not installed, nobody answers, or there are no workers.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise ClusterUnavailable(
                "--scheduler needs Dask: pip install 'tutorial-lib[cluster]', here and on the "
                "workers."
            ) from None
        if not re.search(r"[^:/]:\d{1,5}$", address):  # Dask would think for 20 seconds
            raise ClusterUnavailable(
                f"--scheduler is {address!r}; expected an address such as tcp://host:8786."
            )
        self._address = address
        try:
            self._client = Client(address, timeout=10, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:  # TypeError: TLS without certificates
            raise ClusterUnavailable(
                f"No Dask scheduler answers at {address} ({error}); see GRADING.md."
            ) from None
        self.n_jobs = sum(self._client.nthreads().values())
        if not self.n_jobs:
            self._client.close()
            raise ClusterUnavailable(f"The scheduler at {address} has no workers; start some.")
        self._require_the_course()

    def _require_the_course(self) -> None:
        """Refuse workers that could not even load what they are sent: they would die of it."""
        # A function of ours could not be sent to them.
        asked = self._client.run(eval, HAS_THE_COURSE)
        lacking = [worker for worker, has_it in asked.items() if not has_it]
        if lacking:
            self._client.close()
            raise ClusterUnavailable(
                f"The course is not installed where these workers run: {', '.join(lacking)}. "
                "Install the very same version there, and restart them."
            )

    def start(self) -> Executor:
        """Return the cluster as an executor."""
        executor: Executor = self._client.get_executor(pure=False, retries=0)
        return executor

    def end(self, executor: Executor, *, at_once: bool) -> None:
        """Leave the cluster; what runs on it runs to its end, for nobody."""
        executor.shutdown(wait=False)
        self._client.close()

    def error_of(self, future: "Future[dict[str, Any]]") -> BaseException | None:
        """Return why there is no result, or None if there is one.

        Raises
        ------
        ClusterUnavailable
            If the scheduler has gone: everything that it had to do is cancelled then.
        """
        try:
            return future.exception()
        except CancelledError:
            raise ClusterUnavailable(
                f"The scheduler at {self._address} has gone. Who was judged stays judged: give "
                "the same command again to go on."
            ) from None


def choose(jobs: int, scheduler: str | None) -> Place:
    """Return the place where submissions are judged.

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
    return Processes(jobs) if scheduler is None else Cluster(scheduler)
