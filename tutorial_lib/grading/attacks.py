"""What a hostile answer would try in order to get out of its box, or to see what is outside."""

from tutorial_lib.grading.attack import Attack

# The number of each call on x86-64 and on ARM, and arguments with which some would succeed.
CALLS = {
    "socket": (41, 198, 1, 1, 0),
    "socketpair": (53, 199, 1, 1, 0, 0),
    "ptrace": (101, 117, 0, 0, 0, 0),
    "ptrace of the first process": (101, 117, 16, 1, 0, 0),
    "process_vm_readv": (310, 270, 1, 0, 0, 0, 0, 0),
    "process_vm_writev": (311, 271, 1, 0, 0, 0, 0, 0),
    "keyctl": (250, 219, 0, -3, 1),
    "add_key": (248, 217, 0, 0, 0, 0, -3),
    "request_key": (249, 218, 0, 0, 0, -3),
    "io_uring_setup": (425, 425, 8, 0),
    "io_uring_enter": (426, 426, 0, 0, 0, 0, 0, 0),
    "bpf": (321, 280, 0, 0, 0),
    "perf_event_open": (298, 241, 0, 0, -1, -1, 0),
    "userfaultfd": (323, 282, 1),
    "memfd_create": (319, 279, 0, 0),
    "memfd_secret": (447, 447, 0),
    "shmget": (29, 194, 0, 4096, 0o1600),
    "mount": (165, 40, 0, 0, 0, 0, 0),
    "umount2": (166, 39, 0, 0),
    "pivot_root": (155, 41, 0, 0),
    "fsopen": (430, 430, 0, 0),
    "open_tree": (428, 428, -100, 0, 0),
    "move_mount": (429, 429, 0, 0, 0, 0, 0),
    "chroot": (161, 51, 0),
    "setns": (308, 268, 0, 0),
    "unshare of users": (272, 97, 0x10000000),
    "unshare of mounts": (272, 97, 0x00020000),
    "unshare of the network": (272, 97, 0x40000000),
    "clone with users of its own": (56, 220, 0x10000000 | 17, 0, 0, 0, 0),
    "clone3": (435, 435, 0, 0),
    "pidfd_getfd": (438, 438, 0, 0, 0),
    "open_by_handle_at": (304, 265, 0, 0, 0),
    "kexec_load": (246, 104, 0, 0, 0, 0),
    "init_module": (175, 105, 0, 0, 0),
    "finit_module": (313, 273, 0, 0, 0),
    "personality": (135, 92, 0x0040000),
    "seccomp": (317, 277, 1, 0, 0),
    "vmsplice": (278, 75, 0, 0, 0, 0),
    "mbind": (237, 235, 0, 0, 0, 0, 0, 0),
}

ISOLATION_ATTACKS = (
    Attack(
        "network",
        "No socket of any family can be made.",
        """
families = dict(unix=1, inet=2, inet6=10, netlink=16, packet=17, alg=38, vsock=40, xdp=44)
kinds = (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW)
decide([name for name, number in families.items() for kind in kinds
        if works(socket.socket, number, kind)])
""",
    ),
    Attack(
        "system calls",
        "The calls by which boxes have been left before do not exist.",
        f"CALLS = {CALLS!r}"
        """
column = {"x86_64": 0, "aarch64": 1}[MACHINE]
refused = (-errno.EPERM, -errno.ENOSYS)
results = {name: call(row[column], *row[2:]) for name, row in CALLS.items()}
decide([f"{name} gave {result}" for name, result in results.items() if result not in refused])
""",
    ),
    Attack(
        "foreign calls",
        "The calls of 32-bit programs kill who makes them: the filter knows only one table.",
        """
def code():  # getpid by the gate of 32-bit programs
    import mmap
    page = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS,
                     prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(bytes.fromhex("b814000000cd80c3"))
    ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()

def survives(action):
    child = os.fork()
    if child == 0:
        action()
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0

tried = {"int 0x80": code, "x32": lambda: call(0x40000000 | 39)} if MACHINE == "x86_64" else {}
decide([name for name, action in tried.items() if survives(action)])
""",
    ),
    Attack(
        "privileges",
        "There is no capability, no way to one, and the filter holds for every process.",
        """
wanted = dict(NoNewPrivs="1", Seccomp="2", CapInh="0" * 16, CapPrm="0" * 16, CapEff="0" * 16,
              CapBnd="0" * 16, CapAmb="0" * 16)
found = []
for pid in filter(str.isdigit, os.listdir("/proc")):
    lines = dict(line.split(":\\t", 1) for line in open(f"/proc/{pid}/status").read().splitlines())
    found += [f"{name} of {pid} is {lines[name]}" for name in wanted if lines[name] != wanted[name]]
found += ["user 0"] if 0 in (os.getuid(), os.getgid()) or works(os.setuid, 0) else []
found += [line for line in open("/proc/self/mountinfo").read().splitlines() if "nosuid" not in line]
decide(found)
""",
    ),
    Attack(
        "devices",
        "Of devices there are a few that do nothing; the folder cannot be written; no terminal.",
        """
allowed = {"null", "full", "random", "urandom", "shm"}
found = [name for name in os.listdir("/dev") if name not in allowed]
found += [path for path in ("/dev/new", "/dev/null/new") if works(open, path, "w")]
found += ["removal"] if works(os.unlink, "/dev/null") else []
found += ["terminal"] if works(os.open, "/dev/tty", os.O_RDWR) else []
import fcntl
found += ["TIOCSTI"] if any(works(fcntl.ioctl, fd, 0x5412, b"x") for fd in range(3)) else []
decide(found)
""",
    ),
    Attack(
        "files",
        "Nothing of the host's is there but Python and the system's libraries, and nothing can be "
        "written.",
        """
absent = ("/etc/passwd", "/etc/shadow", "/etc/hostname", "/etc/resolv.conf", "/home", "/var",
          "/run", "/sys", "/mnt", "/media", "/srv", "/boot", "/" "root/.ssh", COURSE + "/notebooks")
found = [path for path in absent if path not in VISIBLE and os.path.exists(path)]
own = ("/tmp", "/dev/shm", "/proc")
mounts = [line.split() for line in open("/proc/self/mountinfo").read().splitlines()]
found += [f"{words[4]} can be written" for words in mounts
          if "ro" not in words[5].split(",") and not words[4].startswith((*own, "/dev/"))]

def walk(folder):
    entries = list(os.scandir(folder)) if works(os.scandir, folder) else []
    if folder.endswith("/tutorial_lib") and not folder.startswith("/box/") and entries:
        found.append(folder)
    for entry in entries:
        if entry.name == SECRET:
            found.append(entry.path)
        if entry.is_dir(follow_symlinks=False) and entry.path != "/proc":
            walk(entry.path)

walk("/")
known = ("/box/library", "/etc", "/usr", "/usr/lib", sys.prefix, os.path.dirname(os.__file__))
attempts = ("/new", "/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern",
            "/proc/sys/user/max_user_namespaces", *(folder + "/new" for folder in known), __file__)
found += [path for path in attempts if works(open, path, "ab")]
decide(found[:10])
""",
    ),
    Attack(
        "descriptors",
        "It has inherited the two pipes and the standard ones, and the first process has none.",
        """
expected = {0, 1, 2, int(sys.argv[1]), RESPONSES}
found = [os.readlink(f"/proc/self/fd/{fd}") for fd in map(int, os.listdir("/proc/self/fd"))
         if fd not in expected and os.path.exists(f"/proc/self/fd/{fd}")]
found = [path for path in found if path != f"/proc/{os.getpid()}/fd"]
kinds = {fd: os.readlink(f"/proc/self/fd/{fd}") for fd in expected}
found += [f"{fd} is {to}" for fd, to in kinds.items() if fd and not to.startswith("pipe:")]
found += [kinds[0]] if kinds[0] != "/dev/null" else []
try:
    first = [os.readlink(f"/proc/1/fd/{fd}") for fd in os.listdir("/proc/1/fd") if int(fd) > 2]
    found += [path for path in first if path != "anon_inode:[eventfd]"]  # bubblewrap's own
except OSError:
    pass
decide(found)
""",
    ),
    Attack(
        "environment",
        "No variable of the host's is to be found, and command lines name Python and no more.",
        """
found = sorted(set(os.environ) - ALLOWED_VARIABLES)
for pid in filter(str.isdigit, os.listdir("/proc")):
    environment = open(f"/proc/{pid}/environ", "rb").read()
    line = open(f"/proc/{pid}/cmdline", "rb").read().replace(sys.executable.encode(), b"")
    found += [f"variables of {pid}"] if pid == "1" and environment not in (b"", b"PWD=/\\0") else []
    found += [f"secret in {pid}"] if SECRET.encode() in environment + line else []
    found += [f"course in {pid}"] if COURSE.encode() in environment + line else []
decide(found)
""",
    ),
)
