"""Whatever an answer tries in its box, nothing outside notices, and the box can be ended."""

import gc
import json
import os
import select
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import pytest

from tutorial_lib.grading import availability, confinement, probes, sandbox, seccomp, watch
from tutorial_lib.grading.confinement import COURSE
from tutorial_lib.grading.probes import PROBES, ProbeResult, attempt
from tutorial_lib.grading.sandbox import UNSAFE, Box, Limits, SandboxUnavailable

pytestmark = pytest.mark.alone

ORDINARY_UID = "60699"
# Whoever is not root tests what is theirs; root tests that, and what an ordinary user has.
WHO = ("root", "ordinary user") if os.geteuid() == 0 else ("ordinary user",)
SMALL = Limits(memory_mb=256, scratch_mb=8, processes=70, output_mb=1)
WAIT = "import os, sys, time\nos.write(int(sys.argv[2]), b'ready')\ntime.sleep(60)\n"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(COURSE)}
MANY_OF_HIS = """
import json, os, subprocess
from dataclasses import astuple
from tutorial_lib.grading import probes, sandbox
others = [subprocess.Popen(["sleep", "600"]) for _ in range(40)]
found = [astuple(result) for result in probes.self_test()]
alive = [other.poll() is None for other in others]
[other.kill() for other in others]
print(json.dumps([os.geteuid(), sandbox.level(), alive, found]))
"""


@pytest.fixture
def library(tmp_path):
    """Return a function that puts a script where a box can see it, and returns the folder."""

    def write(text: str) -> Path:
        folder = tmp_path / "library"
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        (folder / "start.py").write_text(text)
        (folder / "start.py").chmod(0o644)
        return folder

    return write


def answer(box: Box, seconds: float = 20) -> str:
    """What the box writes next; "" at the end or after a while."""
    ready = select.select([box.responses], [], [], seconds)[0]
    return os.read(box.responses, 4096).decode() if ready else ""


def ending(box: Box) -> str:
    """How a box ends that nobody kills."""
    until = time.monotonic() + 20
    while not box.ended and time.monotonic() < until:
        time.sleep(0.01)
    return box.ended


def ran(library, text: str, **named) -> str:
    """The first answer of a script in a box."""
    with Box("start.py", library(text), SMALL, **named) as box:
        return answer(box) or box.head


@cache
def as_ordinary_user() -> tuple[int, str, list[bool], dict[str, ProbeResult]]:
    """Run every probe as somebody who has many processes already; as root, become somebody."""
    command = [sys.executable, "-c", MANY_OF_HIS]
    if os.geteuid() == 0:
        command = [*somebodys_view(), *command]
    done = subprocess.run(
        command, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    uid, level, alive, found = json.loads(done.stdout)
    return uid, level, alive, {name: ProbeResult(name, held, told) for name, held, told in found}


def somebodys_view() -> list[str]:
    """The command that becomes an ordinary user, for whom Python's folders can be entered."""
    return [
        *("bwrap", "--die-with-parent", *confinement.view().options()),
        *("--symlink", "usr/sbin", "/sbin", "--dir", str(COURSE)),
        *("--ro-bind", str(COURSE), str(COURSE), "--dev-bind", "/dev", "/dev"),
        *("--bind", "/proc", "/proc", "--perms", "1777", "--tmpfs", "/tmp", "--chdir", "/tmp"),
        *("--", "setpriv", f"--reuid={ORDINARY_UID}", f"--regid={ORDINARY_UID}"),
        *("--clear-groups", "--inh-caps=-all", "--"),
    ]


@cache
def found_by(who: str) -> dict[str, ProbeResult]:
    if who == "ordinary user":
        return as_ordinary_user()[3]
    return {result.name: result for result in probes.self_test()}


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("name", [probe.name for probe in PROBES])
def test_box_holds_against(name, who):
    result = found_by(who)[name]
    assert result.held, f"{name}: {result.told}"


def test_ordinary_user_is_one_and_his_other_processes_live():
    uid, level, alive, _ = as_ordinary_user()
    assert uid != 0
    assert alive == [True] * 40
    assert level.endswith("your own uid")


@pytest.mark.parametrize("name", ["network", "privileges", "hidden memory", "environment"])
def test_probe_notices_where_there_is_no_box(name, monkeypatch):
    monkeypatch.setattr(probes, "Box", lambda *args: Box(*args, unsafe=True))
    assert not attempt(probe_called(name), secret="anything").held


def probe_called(name: str):
    return next(probe for probe in PROBES if probe.name == name)


def test_secret_in_the_environment_is_not_found(monkeypatch):
    monkeypatch.setenv("COURSE_SECRET", "hunter-2000")
    result = attempt(probe_called("environment"), secret="hunter-2000")
    assert result.held, result.told


def test_descriptor_that_everybody_inherits_is_not_passed_on(tmp_path):
    (tmp_path / "secret").write_text("x")
    descriptor = os.open(tmp_path / "secret", os.O_RDONLY)
    os.set_inheritable(descriptor, True)
    try:
        result = attempt(probe_called("descriptors"), secret="x")
    finally:
        os.close(descriptor)
    assert result.held, result.told


def test_secret_in_the_working_folder_is_not_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "marks-of-everybody").write_text("x")
    result = attempt(probe_called("files"), secret="marks-of-everybody")
    assert result.held, result.told


def test_nothing_of_the_home_is_there_but_the_way_to_python(library):
    text = (
        "import os, sys\n"
        f"home = {str(Path.home())!r}\n"
        "names = os.listdir(home) if os.path.isdir(home) else []\n"
        "os.write(int(sys.argv[2]), ('home: ' + ' '.join(names)).encode())\n"
    )
    way = {path for folder in confinement.view().folders for path in (folder, *folder.parents)}
    names = set(ran(library, text).removeprefix("home: ").split())
    assert names == {path.name for path in way if path.parent == Path.home()}


def test_torch_multiplies_matrices(library):
    text = (
        "import os, sys, torch\n"
        "product = torch.ones(300, 300) @ torch.ones(300, 300)\n"
        "os.write(int(sys.argv[2]), str(int(product.sum())).encode())\n"
    )
    with Box("start.py", library(text), Limits()) as box:
        assert answer(box, 60) == str(300**3), box.head


def test_requests_and_responses_are_two_pipes(library):
    text = "import os, sys\nos.write(int(sys.argv[2]), os.read(int(sys.argv[1]), 100).upper())\n"
    with Box("start.py", library(text), SMALL) as box:
        os.write(box.requests, b"hello")
        assert answer(box) == "HELLO"
        assert answer(box) == ""
        assert ending(box) == "CRASH"


def test_killed_box_says_nothing_and_can_be_killed_again(library):
    with Box("start.py", library(WAIT), SMALL) as box:
        assert answer(box) == "ready"
        box.kill()
        box.kill()
        assert box.ended == ""
        assert answer(box) == ""


def test_box_that_ended_by_itself_has_crashed_even_if_it_is_killed_later(library):
    with Box("start.py", library("import os\nos._exit(0)\n"), SMALL) as box:
        assert ending(box) == "CRASH"
        box.kill()
        assert box.ended == "CRASH"


def test_forgotten_box_leaves_no_descriptor_open(library):
    def descriptors() -> list[str]:
        gc.collect()
        return sorted(path.name for path in Path("/proc/self/fd").iterdir())

    before = descriptors()
    for _ in range(3):
        Box("start.py", library(WAIT), SMALL).kill()
    assert descriptors() == before


def test_closed_box_can_be_closed_and_killed_again(library):
    box = Box("start.py", library(WAIT), SMALL)
    box.close()
    with Path("/dev/null").open() as file:  # which may have the number of the box's handle
        box.kill()
        box.close()
        assert file.read() == ""


STUBBORN = """
import ctypes, os, signal, sys, time
for number in range(1, 32):
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_IGN)
os.kill(1, signal.SIGSTOP)
ctypes.CDLL(None).ptrace(16, 1, 0, 0)
for _ in range(60):
    if os.fork() == 0:
        os.setsid()
        while True:
            time.sleep(1)
os.write(int(sys.argv[2]), b"ready")
while True:
    pass
"""


def test_kill_is_quick_whatever_the_box_does(library):
    with Box("start.py", library(STUBBORN), SMALL) as box:
        assert answer(box) == "ready", box.head
        began = time.monotonic()
        box.kill()
        assert time.monotonic() - began < 1
        assert answer(box, 1) == ""


def test_output_is_counted_and_forgotten(library):
    text = "import os\nfor _ in range(15):\n    os.write(1, b'x' * 65536)\n" + WAIT
    with Box("start.py", library(text), SMALL) as box:
        assert answer(box) == "ready"
        assert box.ended == ""
        assert box.head == "x" * 2000


def test_closing_the_output_hides_no_memory(library):
    text = "import os\nos.close(1)\nos.close(2)\nkept = b'x' * (300 << 20)\n" + WAIT
    with Box("start.py", library(text), SMALL) as box:
        assert ending(box) == "MEMORY"


def test_memory_that_processes_share_counts_once(library):
    text = "import os\nkept = b'x' * (60 << 20)\n[os.fork() for _ in range(3)]\n" + WAIT
    with Box("start.py", library(text), SMALL) as box:
        assert answer(box).startswith("ready")
        time.sleep(0.3)
        assert box.ended == ""


# The judge, and every bubblewrap between it and the answers: two in two, or two in one.
@pytest.mark.parametrize("who", range(5 if os.geteuid() == 0 else 3))
def test_box_dies_with_everybody_who_holds_it(library, who):
    text = (
        "import sys, time\nfrom pathlib import Path\n"
        "from tutorial_lib.grading.sandbox import Box, Limits\n"
        f"box = Box('start.py', Path({str(library(STUBBORN))!r}), Limits(processes=70))\n"
        "import os\nos.read(box.responses, 5)\n"
        "print('ready', flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", text], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ) as judge:
        assert judge.stdout is not None
        assert judge.stdout.readline() == "ready\n"
        descendants = family(judge.pid)
        assert len(descendants) > 60
        os.kill([judge.pid, *descendants][who], signal.SIGKILL)
        until = time.monotonic() + 10
        while any(map(lives, descendants)) and time.monotonic() < until:
            time.sleep(0.01)
        judge.kill()
    assert not any(map(lives, descendants))


def family(pid: int) -> list[int]:
    """All descendants of a process, parents first."""
    children = [
        int(child)
        for file in Path(f"/proc/{pid}/task").glob("*/children")
        for child in file.read_text().split()
    ]
    return children + [one for child in children for one in family(child)]


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_slots_have_user_ids_of_their_own(library):
    text = (
        "import os, sys\nuser = open('/proc/self/uid_map').read().split()\n"
        "os.write(int(sys.argv[2]), f'{os.getuid()} {user}'.encode())\nos.read(0, 1)\n" + WAIT
    )
    owners = []
    for slot in (0, 3):
        with Box("start.py", library(text), SMALL, slot=slot) as box:
            assert answer(box).startswith("65534 ")
            root = watch.root_of(box.first)
            assert root is not None
            owners.append(root.parent.stat().st_uid)
    me = os.geteuid()
    assert owners == ([me, me] if me else [60700, 60703])


def test_numbers_of_slots_that_belong_to_others_are_refused(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    for slot in (-1, 480):
        with pytest.raises(ValueError, match=f"slot is {slot}; as root it takes one from 0 to 479"):
            confinement.bubblewrap(Path("/nowhere"), slot, info=3)


def test_library_that_nobody_else_can_read_is_refused_as_root(library, monkeypatch):
    folder = library(WAIT)
    (folder / "start.py").chmod(0o600)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(ValueError, match="must be one that everybody may read"):
        Box("start.py", folder, SMALL)


LOOK = "import os, sys\nos.write(int(sys.argv[2]), repr([{}]).encode())\n"


@pytest.fixture
def fresh_view():
    """Let this machine be looked at anew, now and afterwards."""
    confinement.view.cache_clear()
    yield
    confinement.view.cache_clear()


def test_installed_course_is_masked(library, tmp_path, monkeypatch, fresh_view):
    installed = tmp_path / "packages" / "tutorial_lib"
    installed.mkdir(parents=True)
    (installed / "solutions.py").write_text("answer = 42")
    (installed.parent / "torch.py").write_text("")
    monkeypatch.syspath_prepend(installed.parent)
    needed = [*confinement._needed(), installed.parent]
    monkeypatch.setattr(confinement, "_needed", lambda: iter(needed))
    text = LOOK.format(f"os.listdir({str(installed.parent)!r}), os.listdir({str(installed)!r})")
    assert ran(library, text) == "[['torch.py', 'tutorial_lib'], []]"


def test_python_of_a_folder_with_secrets_shows_only_python(tmp_path, monkeypatch, fresh_view):
    for name in ("bin", "lib", "submissions"):
        (tmp_path / name).mkdir()
    (tmp_path / "pyvenv.cfg").write_text("")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    seen = {path for path in confinement.view().folders if tmp_path in path.parents}
    assert seen == {tmp_path / "bin", tmp_path / "lib", tmp_path / "pyvenv.cfg"}


def test_every_link_on_the_way_is_followed_and_noted(tmp_path):
    (tmp_path / "python-3.11.7" / "bin").mkdir(parents=True)
    (tmp_path / "python-3.11.7" / "bin" / "python").write_text("")
    (tmp_path / "python-3.11").symlink_to("python-3.11.7")
    (tmp_path / "python").symlink_to(tmp_path / "python-3.11" / "bin" / "python")
    links: dict[Path, str] = {}
    real = confinement.followed(tmp_path / "python", links)
    assert real == tmp_path / "python-3.11.7" / "bin" / "python"
    assert links == {
        tmp_path / "python": f"{tmp_path}/python-3.11/bin/python",
        tmp_path / "python-3.11": "python-3.11.7",
    }


def test_python_that_is_reached_by_links_starts(library, tmp_path, monkeypatch, fresh_view):
    (tmp_path / "current").symlink_to(sys.prefix)
    python = tmp_path / "current" / Path(sys.executable).relative_to(sys.prefix)
    monkeypatch.setattr(sys, "executable", str(python))
    assert ran(library, LOOK.format("sys.executable")) == repr([str(python)])


def test_level_tells_what_holds_the_answers():
    sandbox.level.cache_clear()
    who = "one uid per box" if os.geteuid() == 0 else "your own uid"
    assert sandbox.level().startswith("bubblewrap 0.")
    assert sandbox.level().endswith(f", seccomp, {who}")


@pytest.fixture
def unavailable():
    """Return a function that asks for the level, and returns the message of the refusal."""
    sandbox.level.cache_clear()
    seccomp.program.cache_clear()

    def message() -> str:
        with pytest.raises(SandboxUnavailable) as refused:
            sandbox.level()
        assert "--unsafe-no-sandbox" in str(refused.value)
        return str(refused.value)

    yield message
    sandbox.level.cache_clear()
    seccomp.program.cache_clear()


def test_without_bubblewrap_it_is_named(unavailable, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no program `bwrap`" in unavailable()
    assert "apt install bubblewrap" in unavailable()


@pytest.mark.parametrize(
    ("stub", "words"),
    [
        ("echo 'bubblewrap 0.4.1'", "is bubblewrap 0.4.1"),
        ("exit 1", "is broken"),
        (
            'test "$1" = --version && echo "bubblewrap 0.8.0" && exit\n'
            'echo "bwrap: No permissions to create new namespace"; exit 1',
            "No permissions to create new namespace",
        ),
    ],
    ids=["old", "broken", "forbidden"],
)
def test_bubblewrap_that_makes_no_box_is_a_reason(stub, words, unavailable, monkeypatch, tmp_path):
    (tmp_path / "bwrap").write_text(f"#!/bin/sh\n{stub}\n")
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert words in unavailable()


def test_forbidden_namespaces_have_remedies(unavailable, monkeypatch):
    monkeypatch.setattr(confinement, "limited", lambda _: ["/no/such/program"])
    message = unavailable()
    assert "bwrap: execvp /no/such/program" in message
    for remedy in ("unprivileged_userns_clone", "apparmor_restrict", "container", "max_user_names"):
        assert remedy in message


def test_without_the_filter_there_is_no_box(unavailable, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyseccomp", None)
    assert "pip install 'tutorial-lib[class]'" in unavailable()


@pytest.mark.parametrize("system", ["Darwin", "Windows"])
def test_other_systems_are_told_where_to_go(system, unavailable, monkeypatch):
    monkeypatch.setattr(availability.platform, "system", lambda: system)
    assert "Grade on Linux" in unavailable()


def test_box_without_pytorch_is_no_use(unavailable, monkeypatch):
    monkeypatch.setattr(sandbox, "_try", lambda: ("bare", ""))
    assert "does not find PyTorch" in unavailable()


def test_unsafe_box_runs_counts_and_ends(library):
    text = (
        "import json, os, resource, sys, time\n"
        "child = os.fork()\n"
        "limit = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n"
        "found = json.dumps([os.getcwd(), limit, os.getpid(), child]).encode()\n"
        "child and os.write(int(sys.argv[2]), found)\n"
        "time.sleep(60)\n"
    )
    with Box("start.py", library(text), SMALL, unsafe=True) as box:
        folder, limit, *processes = json.loads(answer(box))
        assert limit == 8 << 20
        assert Path(folder).is_dir()
        box.kill()
        assert box.ended == ""
        assert answer(box) == ""
    assert not any(map(lives, processes))
    assert not Path(folder).exists()
    assert UNSAFE == "NO SANDBOX"


@pytest.mark.parametrize(
    ("text", "ended"),
    [
        ("import os\nwhile True:\n    os.write(1, b'x' * 65536)\n", "OUTPUT"),
        ("import time\nkept = b'x' * (400 << 20)\ntime.sleep(60)\n", "MEMORY"),
        ("raise SystemExit(1)\n", "CRASH"),
    ],
)
def test_unsafe_box_ends_as_another_does(library, text, ended):
    with Box("start.py", library(text), SMALL, unsafe=True) as box:
        assert ending(box) == ended


def test_nothing_of_it_imports_torch():
    names = "sandbox probes seccomp watch confinement launch limits availability attacks"
    imports = ", ".join(f"tutorial_lib.grading.{name}" for name in names.split())
    code = f"import sys, {imports}\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, check=True)
