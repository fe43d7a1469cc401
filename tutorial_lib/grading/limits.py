"""What the answers of one student may use of the machine."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What the answers of one student may use.

    Attributes
    ----------
    seconds : float
        Wall clock of one exercise; whoever holds the box kills it then.
    memory_mb : int
        MiB of all processes of the box together, with their files in memory.
    scratch_mb : int
        MiB of files in /tmp, and of any one file. /dev/shm has 16 more.
    processes : int
        Processes and threads.
    output_mb : int
        MiB that it may print before it is killed; nobody reads them.
    """

    seconds: float = 20.0
    memory_mb: int = 2048
    scratch_mb: int = 64
    processes: int = 64
    output_mb: int = 8
