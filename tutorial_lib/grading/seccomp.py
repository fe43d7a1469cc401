"""The system calls that an answer may make: what Python, NumPy and PyTorch need, and no more.

The list is of what is allowed. A call that is not on it does not exist here (ENOSYS), so that the C
library falls back to an older one; calls that are known and dangerous are refused (EPERM).
"""

import errno
import tempfile
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from tutorial_lib.grading.availability import SandboxUnavailable

ALLOWED = """
    access alarm arch_prctl brk capget chdir chmod clock_getres clock_gettime clock_nanosleep close
    close_range copy_file_range dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_pwait
    epoll_pwait2 epoll_wait eventfd eventfd2 execve exit exit_group faccessat faccessat2 fadvise64
    fallocate fchdir fchmod fchmodat fcntl fdatasync flock fork fstat fstatfs fsync ftruncate futex
    futex_waitv get_mempolicy get_robust_list getcpu getcwd getdents getdents64 getegid geteuid
    getgid getgroups getitimer getpgid getpgrp getpid getppid getpriority getrandom getresgid
    getresuid getrlimit getrusage getsid gettid gettimeofday getuid getxattr kill lgetxattr link
    linkat listxattr lseek lstat madvise membarrier mincore mkdir mkdirat mprotect mremap msync
    munmap nanosleep newfstatat open openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2
    poll ppoll pread64 preadv preadv2 prlimit64 pselect6 pwrite64 pwritev pwritev2 read readahead
    readlink readlinkat readv rename renameat renameat2 restart_syscall rmdir rseq rt_sigaction
    rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
    sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getparam
    sched_getscheduler sched_rr_get_interval sched_setaffinity sched_yield select sendfile
    set_robust_list set_tid_address setitimer setpgid setpriority setrlimit setsid sigaltstack stat
    statfs statx symlink symlinkat sync_file_range sysinfo tgkill time timer_create timer_delete
    timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime
    times tkill truncate umask uname unlink unlinkat utime utimensat utimes vfork wait4 waitid write
    writev
"""

REFUSED = """
    accept accept4 acct add_key bind bpf chroot clock_adjtime clock_settime connect delete_module
    fanotify_init finit_module fsconfig fsmount fsopen fspick getpeername getsockname getsockopt
    init_module io_uring_enter io_uring_register io_uring_setup ioperm iopl kcmp kexec_file_load
    kexec_load keyctl listen lookup_dcookie memfd_create memfd_secret mount mount_setattr
    move_mount msgget name_to_handle_at open_by_handle_at open_tree perf_event_open personality
    pidfd_getfd pivot_root process_madvise process_mrelease process_vm_readv process_vm_writev
    ptrace quotactl reboot recvfrom recvmmsg recvmsg request_key seccomp semget sendmmsg sendmsg
    sendto setdomainname sethostname setns setsockopt settimeofday shmget shutdown socket socketpair
    swapoff swapon syslog umount umount2 unshare userfaultfd vhangup vmsplice
"""

# CLONE_NEWNS, _NEWCGROUP, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET. The newer clone3 does not
# exist here: a filter cannot look behind its pointer.
NAMESPACES = [1 << bit for bit in (17, 25, 26, 27, 28, 29, 30)]
# Shared memory without a file and huge pages are in no process's count, so they are refused.
SHARED, ANONYMOUS, HUGE = 0x01, 0x20, 0x40000
# TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX: none that types into a terminal
TERMINAL_QUERIES = [0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451]
# PR_GET_DUMPABLE, _SET_NAME, _GET_NAME, _GET_SECCOMP, _CAPBSET_READ, _GET_NO_NEW_PRIVS,
# _SVE_GET_VL, _GET_TAGGED_ADDR_CTRL, _SME_GET_VL. Without PR_SET_PDEATHSIG, what dies with its
# parent cannot be talked out of it.
PRCTL = [3, 15, 16, 21, 23, 39, 51, 56, 64]


@cache
def program() -> bytes:
    """Return the filter for this machine's processor, as the kernel takes it.

    Raises
    ------
    SandboxUnavailable
        If libseccomp or its Python package is missing.
    """
    try:
        library: Any = import_module("pyseccomp")
    except (ImportError, OSError, RuntimeError) as error:
        raise SandboxUnavailable(f"no system-call filter ({error}).", "seccomp") from error
    table = library.SyscallFilter(defaction=library.ERRNO(errno.ENOSYS))
    for action, name, arguments in _rules(library):
        if library.resolve_syscall(library.Arch.NATIVE, name) >= 0:  # else another processor's
            table.add_rule(action, name, *arguments)
    return _exported(table)


def _exported(table: Any) -> bytes:
    with tempfile.TemporaryFile() as file:
        table.export_bpf(file)
        file.seek(0)
        return file.read()


def _rules(library: Any) -> Iterator[tuple[int, str, list[Any]]]:
    """Yield (action, name of the call, conditions on its arguments); no two overlap."""
    refuse = library.ERRNO(errno.EPERM)
    for name in ALLOWED.split():
        yield library.ALLOW, name, []
    for name in REFUSED.split():
        yield refuse, name, []
    for option in PRCTL:
        yield library.ALLOW, "prctl", [library.Arg(0, library.EQ, option)]
    for request in TERMINAL_QUERIES:
        yield library.ALLOW, "ioctl", [library.Arg(1, library.EQ, request)]

    def masked(position: int, mask: int, value: int) -> list[Any]:
        return [library.Arg(position, library.MASKED_EQ, mask, value)]

    yield library.ALLOW, "clone", masked(0, sum(NAMESPACES), 0)
    for namespace in NAMESPACES:
        yield refuse, "clone", masked(0, namespace, namespace)
    for kind in (0, SHARED, ANONYMOUS):
        yield library.ALLOW, "mmap", masked(3, SHARED | ANONYMOUS | HUGE, kind)
    yield refuse, "mmap", masked(3, SHARED | ANONYMOUS | HUGE, SHARED | ANONYMOUS)
