"""Checkpoints: exact round trips, no damage unnoticed, no code run, no file half written."""

import errno
import hashlib
import io
import json
import math
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_jobs import OPTIMISERS, assert_same_bits, assert_same_checkpoints, seeded
from torch import nn

from tutorial_lib import checkpoints
from tutorial_lib.autoencoder import Autoencoder
from tutorial_lib.checkpoints import (
    CheckpointError,
    load_checkpoint,
    load_model,
    save_checkpoint,
    save_model,
)
from tutorial_lib.stacked import StackedAutoencoder

pytestmark = pytest.mark.alone

STATE = {
    "numbers": {"third": 1 / 3, "tiny": 5e-324, "large": 2**70, "minus zero": -0.0},
    "others": [None, True, False, "text, ümläut \u2013 \n", ["nested", []], {}],
    3: {0: "integer keys", 1: {2: 3}},
    "tensors": {
        "float32": torch.rand(3, 4, generator=seeded()),
        "float64": torch.rand(5, dtype=torch.float64, generator=seeded()),
        "int64": torch.tensor([2**62, -1]),
        "bool": torch.tensor([True, False]),
        "generator": seeded(7).get_state(),
        "0-dim": torch.tensor(2.5),
        "empty": torch.empty(0, 3),
        "transposed": torch.arange(6.0).view(2, 3).t(),
        "special": torch.tensor([math.inf, -math.inf, -0.0, 1e-45]),
    },
    # Names that the file itself uses must not be mistaken for its own.
    "tensor": "t0",
    "dict": [["a", 1]],
    "outline": {"tensor": "t0"},
}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    file = tmp_path / "state.checkpoint"
    save_checkpoint(file, STATE)
    return file


def signed(payload: bytes) -> bytes:
    """A file with any content and the SHA-256 that belongs to it."""
    return hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload


def only_file(folder: Path) -> bool:
    """Whether a folder holds one file, hidden ones counted: no temporary file was left."""
    return len(list(folder.iterdir())) == 1


# --- what goes in comes out


def test_a_nested_state_comes_back_exactly(saved: Path) -> None:
    state = load_checkpoint(saved)
    assert_same_bits(state, STATE)
    assert list(state[3]) == [0, 1]
    assert all(isinstance(key, int) for key in state[3])
    assert math.copysign(1, state["numbers"]["minus zero"]) == -1
    assert torch.signbit(state["tensors"]["special"][2])
    assert state["others"][1] is True
    generator = torch.Generator()
    generator.set_state(state["tensors"]["generator"])
    assert torch.equal(torch.rand(9, generator=generator), torch.rand(9, generator=seeded(7)))


def test_not_a_number_comes_back(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "a", {"a": math.nan, "b": torch.tensor([math.nan]), "c": -math.inf})
    state = load_checkpoint(tmp_path / "a")
    assert math.isnan(state["a"])
    assert math.isnan(state["b"].item())
    assert state["c"] == -math.inf


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=10,
)


@given(state=st.dictionaries(st.text() | st.integers(), VALUES))
def test_any_nested_state_comes_back(tmp_path_factory: pytest.TempPathFactory, state) -> None:
    file = tmp_path_factory.getbasetemp() / "any.checkpoint"
    save_checkpoint(file, state)
    assert_same_bits(load_checkpoint(file), state)


def test_tensors_that_come_back_can_be_written_to_and_share_nothing(saved: Path) -> None:
    tensors = load_checkpoint(saved)["tensors"]
    tensors["float32"].zero_()
    assert torch.equal(load_checkpoint(saved)["tensors"]["float32"], STATE["tensors"]["float32"])
    assert all(t.data_ptr() % 64 == 0 for t in tensors.values()), "aligned as PyTorch's own"


def test_tuples_come_back_as_lists(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "a", {"a": (1, (2, 3))})
    assert load_checkpoint(tmp_path / "a") == {"a": [1, [2, 3]]}


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", np.zeros(2), Path("a"), 1j])
def test_anything_else_is_refused_and_nothing_written(tmp_path: Path, value: object) -> None:
    with pytest.raises(TypeError, match=f"cannot hold a {type(value).__name__}; expected tensors"):
        save_checkpoint(tmp_path / "a", {"deep": [{"inside": value}]})
    assert not list(tmp_path.iterdir())


def test_saving_twice_replaces_the_first_and_makes_folders(tmp_path: Path) -> None:
    file = tmp_path / "new" / "folder" / "a.checkpoint"
    save_checkpoint(file, {"a": 1})
    save_checkpoint(str(file), {"a": 2})
    assert load_checkpoint(str(file)) == {"a": 2}
    assert only_file(file.parent)


# --- damage


def refused(file: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(file)
    assert str(file) in str(caught.value)
    return str(caught.value)


def test_any_flipped_bit_is_noticed(saved: Path) -> None:
    content = saved.read_bytes()
    for position in {
        *range(140),
        *range(0, len(content), 17),
        *range(len(content) - 40, len(content)),
    }:
        damaged = bytearray(content)
        damaged[position] ^= 1 << position % 8
        saved.write_bytes(damaged)
        assert "damaged" in refused(saved)


def test_truncation_and_trailing_junk_are_noticed(saved: Path) -> None:
    content = saved.read_bytes()
    for length in {*range(70), *range(0, len(content), 97), len(content) - 1}:
        saved.write_bytes(content[:length])
        assert "damaged" in refused(saved)
    saved.write_bytes(content + b"\0")
    assert "damaged" in refused(saved)


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"<html>404</html>", b"PK\x03\x04", pickle.dumps({"a": 1}), bytes(1000)],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other"
    file.write_bytes(content)
    assert "no checkpoint or is damaged" in refused(file)


def test_a_file_of_torch_save_is_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2)}, tmp_path / "a.pt")
    assert "no checkpoint" in refused(tmp_path / "a.pt")


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "missing")
    assert "directory" in refused(tmp_path)


class Evil:
    """Unpickling it makes a folder: the trace of code that ran."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


def archive(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, **arrays)
    return buffer.getvalue()


def test_no_code_of_a_file_runs(tmp_path: Path) -> None:
    """Somebody who writes a file can sign it too: then NumPy must not unpickle it."""
    trace, file = tmp_path / "trace", tmp_path / "evil"
    evil = np.array([Evil(trace)], dtype=object)
    outline = np.array(json.dumps({"dict": [["a", {"tensor": "t0"}]]}))
    array = io.BytesIO()
    np.save(array, evil, allow_pickle=True)
    for payload in (
        pickle.dumps(Evil(trace)),
        array.getvalue(),
        archive(outline=evil),
        archive(outline=outline, t0=evil),
        archive(outline=outline, t0=np.zeros(2), t1=evil),
    ):
        file.write_bytes(signed(payload))
        assert "is not a checkpoint of this library" in refused(file)
        assert not trace.exists()
    pickle.loads(pickle.dumps(Evil(trace)))
    assert trace.exists(), "the trap itself works"


def outlined(outline: object) -> bytes:
    return archive(outline=np.array(json.dumps(outline)))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"junk",
        archive(a=np.zeros(2)),
        archive(outline=np.zeros(2)),
        archive(outline=np.array("no JSON")),
        outlined(7),
        outlined([1, 2]),
        outlined({"dict": 5}),
        outlined({"dict": [[1]]}),
        outlined({"dict": [[[], 1]]}),
        outlined({"other": 1}),
        outlined({"dict": [["a", {"tensor": "missing"}]]}),
        outlined({"dict": [["a", {"tensor": "outline"}]]}),
        outlined({"dict": [["a", {"tensor": []}]]}),
    ],
)
def test_signed_nonsense_is_refused(tmp_path: Path, payload: bytes) -> None:
    file = tmp_path / "nonsense"
    file.write_bytes(signed(payload))
    assert "is not a checkpoint of this library" in refused(file)


# --- writing fails


def break_at(monkeypatch: pytest.MonkeyPatch, where: str, error: BaseException) -> None:
    """Make one of the steps of writing fail."""

    def fail(*_: object, **__: object) -> None:
        raise error

    target = {
        "fsync": (os, "fsync"),
        "rename": (Path, "replace"),
        "temporary file": (os, "open"),
        "folder": (Path, "mkdir"),
    }[where]
    monkeypatch.setattr(*target, fail)


@pytest.mark.parametrize("where", ["fsync", "rename", "temporary file", "folder"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_a_failing_disk_gives_one_error_and_leaves_the_old_file(
    saved: Path, monkeypatch: pytest.MonkeyPatch, where: str, code: int
) -> None:
    break_at(monkeypatch, where, OSError(code, os.strerror(code)))
    with pytest.raises(CheckpointError) as caught:
        save_checkpoint(saved, {"a": "new"})
    for part in (str(saved), os.strerror(code), "unharmed"):
        assert part in str(caught.value)
    monkeypatch.undo()
    assert_same_bits(load_checkpoint(saved), STATE)
    assert only_file(saved.parent)


def test_a_disk_that_fills_up_while_writing_leaves_the_old_file(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.FileIO):
        def write(self, data) -> int:
            if self.tell() + len(data) > 1000:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(data)

    monkeypatch.setattr(checkpoints.os, "fdopen", lambda descriptor, mode: Full(descriptor, mode))
    with pytest.raises(CheckpointError, match="No space left on device"):
        save_checkpoint(saved, {"a": torch.zeros(10_000)})
    monkeypatch.undo()
    assert_same_bits(load_checkpoint(saved), STATE)
    assert only_file(saved.parent)


def test_a_path_below_a_file_is_refused(saved: Path) -> None:
    with pytest.raises(CheckpointError, match="Could not save the checkpoint"):
        save_checkpoint(saved / "below", {"a": 1})
    with pytest.raises(CheckpointError, match="Could not save the checkpoint"):
        save_checkpoint(saved.parent, {"a": 1})


def test_a_crash_before_the_rename_leaves_the_old_file(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_at(monkeypatch, "rename", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(saved, {"a": "new"})
    monkeypatch.undo()
    assert_same_bits(load_checkpoint(saved), STATE)
    assert only_file(saved.parent)


CRASH = """
import os, pathlib, signal, sys
from tutorial_lib.checkpoints import save_checkpoint
pathlib.Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
save_checkpoint(sys.argv[1], {"a": "new"})
"""


def test_a_kill_before_the_rename_leaves_the_old_file(saved: Path) -> None:
    """Nothing of the process gets to clean up."""
    root = str(Path(checkpoints.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", CRASH, str(saved)], env=os.environ | {"PYTHONPATH": root}
    )
    assert done.returncode == -signal.SIGKILL
    assert not only_file(saved.parent), "the new file was there, but without its name"
    assert_same_bits(load_checkpoint(saved), STATE)


def test_the_file_is_on_the_disk_before_it_gets_its_name(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written, synced, renamed, the folder synced: in this order a power cut loses nothing."""
    done = []
    fsync, replace = os.fsync, Path.replace

    def note_fsync(descriptor: int) -> None:
        target = Path(f"/proc/self/fd/{descriptor}").readlink()
        size = 0 if target.is_dir() else target.stat().st_size
        done.append("folder synced" if target == saved.parent else f"{size} bytes synced")
        fsync(descriptor)

    def note_replace(source: Path, target: Path) -> Path:
        done.append(f"{source.stat().st_size} bytes renamed")
        return replace(source, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(Path, "replace", note_replace)
    save_checkpoint(saved, {"a": 1})
    size = saved.stat().st_size
    assert done == [f"{size} bytes synced", f"{size} bytes renamed", "folder synced"]


# --- models


def test_a_model_comes_back_exactly(tmp_path: Path) -> None:
    one, two = (StackedAutoencoder(6, [5, 4], tied=False, generator=seeded(s)) for s in (1, 2))
    save_model(tmp_path / "model", one)
    load_model(tmp_path / "model", two)
    assert_same_bits(dict(two.state_dict()), dict(one.state_dict()))


def test_loading_fills_the_tensors_that_are_there(tmp_path: Path) -> None:
    stack = StackedAutoencoder(6, [5, 4], generator=seeded())
    classifier = stack.classifier
    save_model(tmp_path / "model", stack.classifier)
    expected = stack.autoencoders[0].encoder.weight.detach().clone()
    with torch.no_grad():
        stack.autoencoders[0].encoder.weight.zero_()
    load_model(tmp_path / "model", classifier)
    assert torch.equal(stack.autoencoders[0].encoder.weight, expected)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (Autoencoder(6, 5), r"holds \(4,\) for encoder.bias, but this model has \(5,\)"),
        (Autoencoder(7, 4), r"holds \(4, 6\) for encoder.weight, but this model has \(4, 7\)"),
        (Autoencoder(6, 4, tied=False), "holds nothing for own_decoder_weight"),
        (nn.Linear(6, 4), r"holds nothing for bias, but this model has \(4,\)"),
    ],
)
def test_a_model_of_other_sizes_is_refused_and_unchanged(tmp_path: Path, other, message) -> None:
    save_model(tmp_path / "model", Autoencoder(6, 4))
    before = {name: tensor.clone() for name, tensor in other.state_dict().items()}
    with pytest.raises(CheckpointError, match=message):
        load_model(tmp_path / "model", other)
    assert_same_bits(dict(other.state_dict()), before)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"history": {}, "model": {}}, "holds nothing for encoder.bias"),
        ({"best": [1], 3: 4}, r"holds a int for 3, but this model has nothing"),
        (
            dict(Autoencoder(6, 4).state_dict()) | {"visible_bias": 1.5},
            r"holds a float for visible_bias, but this model has \(6,\)",
        ),
    ],
)
def test_a_state_that_is_no_model_is_refused(tmp_path: Path, state, message: str) -> None:
    """The checkpoint of a training, for one, is easily mistaken for a model's file."""
    save_checkpoint(tmp_path / "a", state)
    with pytest.raises(CheckpointError, match=message):
        load_model(tmp_path / "a", Autoencoder(6, 4))


def test_a_damaged_model_is_refused_and_the_model_unchanged(tmp_path: Path) -> None:
    file = tmp_path / "model"
    model = Autoencoder(6, 4, generator=seeded(1))
    save_model(file, Autoencoder(6, 4, generator=seeded(2)))
    before = model.encoder.weight.detach().clone()
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged"):
        load_model(file, model)
    assert torch.equal(model.encoder.weight, before)


# --- SIGKILL


def test_trainings_killed_again_and_again_end_with_the_same_bits(tmp_path: Path) -> None:
    """About a hundred SIGKILLs: in steps, between epochs, and while a checkpoint is written."""
    script = Path(__file__).with_name("killed_training.py")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)],
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(script.parents[1])},
        capture_output=True,
        text=True,
        timeout=1200,  # a busy disk takes a second for what another does in a millisecond
    )
    assert done.returncode == 0, done.stderr
    kills = json.loads(done.stdout)
    for optimiser in OPTIMISERS:
        assert kills[optimiser] >= 10, "fewer would prove little"
        assert_same_checkpoints(tmp_path / f"{optimiser}-killed", tmp_path / f"{optimiser}-peace")
