"""What a hostile answer would try against its neighbours: to be many, to be large, to stay."""

from tutorial_lib.grading.attack import Attack

LIMIT_ATTACKS = (
    Attack(
        "other processes",
        "It sees its own processes only, and a signal to everybody reaches nobody else.",
        """
seen = [pid for pid in os.listdir("/proc") if pid.isdigit()]
child = os.fork()
if child == 0:
    time.sleep(60)
os.kill(-1, signal.SIGKILL)
os.waitpid(child, 0)
decide([f"{len(seen)} processes"] if len(seen) > 3 else [])
""",
    ),
    Attack(
        "first process",
        "The first process of the box can be neither stopped, nor traced, nor killed from inside.",
        """
for number in (signal.SIGSTOP, signal.SIGTSTP, signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV):
    os.kill(1, number)
time.sleep(0.1)
state = open("/proc/1/stat").read().split(")")[1].split()[0]
found = [f"it is {state}"] if state in "TtZ" else []
attach, seize = ((101, 117), (101, 117))
column = ["x86_64", "aarch64"].index(MACHINE)
found += ["ptrace"] if call(attach[column], 16, 1, 0, 0) >= 0 else []
found += ["ptrace"] if call(seize[column], 0x4206, 1, 0, 0) >= 0 else []
for number in range(1, 32):
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_IGN)
decide(found)
""",
    ),
    Attack(
        "fork bomb",
        "It has as many processes as it may, whatever else runs, no more, and all end with it.",
        """
count = 0
while count < 10 * PROCESSES:
    try:
        child = os.fork()
    except OSError:
        break
    if child == 0:
        os.setsid()
        time.sleep(60)
    count += 1
decide([f"{count} processes"] if not PROCESSES - 3 < count <= PROCESSES else [])
""",
    ),
    Attack(
        "thread bomb",
        "Threads count as processes do.",
        """
count = 0
while count < 10 * PROCESSES and works(threading.Thread(target=time.sleep, args=[60]).start):
    count += 1
decide([f"{count} threads"] if not PROCESSES - 3 < count <= PROCESSES else [])
""",
    ),
    Attack(
        "raised limits",
        "What limits it cannot be raised again.",
        """
names = [name for name in dir(resource) if name.startswith("RLIMIT_")]
bounded = [name for name in ("NPROC", "AS", "FSIZE", "NOFILE", "CORE", "STACK", "MEMLOCK")]
free = [name for name in bounded
        if resource.getrlimit(getattr(resource, "RLIMIT_" + name))[1] == resource.RLIM_INFINITY]
def raised(name):
    which = getattr(resource, name)
    hard = resource.getrlimit(which)[1]
    return hard >= 0 and works(resource.setrlimit, which, (hard + 1, hard + 1))
decide(free + [name for name in names if raised(name)])
""",
    ),
    Attack(
        "disk bomb",
        "/tmp and /dev/shm hold a few MiB, and a file in them no more.",
        """
def written(folder):
    total, block = 0, b"x" * (1 << 20)
    for number in range(100):
        try:
            with open(f"{folder}/{number}", "wb", buffering=0) as file:
                while file.write(block) == len(block):
                    total += 1
        except OSError as error:
            if error.errno == errno.ENOSPC:
                return total
    return 10**6
sizes = {folder: written(folder) for folder in ("/tmp", "/dev/shm")}
allowed = {"/tmp": SCRATCH_MB, "/dev/shm": 16}
decide([f"{size} MiB in {name}" for name, size in sizes.items() if size > allowed[name]])
""",
    ),
    Attack(
        "hidden memory",
        "There is no memory that nobody counts: shared without a file, or in huge pages.",
        """
import mmap
huge = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000
found = ["shared"] if works(mmap.mmap, -1, 1 << 20) else []
found += ["huge"] if works(mmap.mmap, -1, 1 << 21, flags=huge) else []
found += ["memfd"] if works(os.memfd_create, "x") else []
found += ["zero"] if os.path.exists("/dev/zero") else []
decide(found)
""",
    ),
    Attack(
        "memory bomb",
        "Too much memory ends the box.",
        """
kept = []
while True:
    kept.append(bytearray(1 << 20))
""",
        ends="MEMORY",
    ),
    Attack(
        "memory of many",
        "Processes that share the load are counted together.",
        """
for _ in range(8):
    if os.fork() == 0:
        os.setsid()
        kept = bytearray(os.urandom(1 << 20)) * (MEMORY_MB // 4)
        time.sleep(60)
time.sleep(60)
""",
        ends="MEMORY",
    ),
    Attack(
        "empty files",
        "Files that hold nothing take the kernel's memory, and count.",
        """
number = 0
while True:
    os.close(os.open(f"/tmp/{number}", os.O_CREAT))
    number += 1
""",
        ends="MEMORY",
    ),
    Attack(
        "output bomb",
        "Too much output ends the box, and nobody keeps it.",
        """
while True:
    os.write(1 + os.getpid() % 2, b"x" * 65536)
""",
        ends="OUTPUT",
    ),
    Attack(
        "background",
        "Who has left the family ends with the box.",
        """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        held()
        while True:
            pass
    os._exit(0)
time.sleep(60)
""",
    ),
)
