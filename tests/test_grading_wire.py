"""What crosses the border: honest values unchanged, memory shared, and nothing else."""

import contextlib
import json
import math
import os
import struct
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from tutorial_lib.exercises.parts import describe
from tutorial_lib.grading.frames import MAX_BLOB, MAX_HEADER, Channel, Ended, ProtocolError, packed
from tutorial_lib.grading.wire import BOX, JUDGE, MAX_DEPTH, MAX_VALUES, Other, Wire


def no_call(number: int, arguments: Any, options: Any) -> Any:
    raise AssertionError("nobody calls here")


def ends() -> tuple[Wire, Wire]:
    return Wire(JUDGE, no_call, []), Wire(BOX, no_call, [])


def unpacked(frame: bytes) -> tuple[dict[str, Any], memoryview]:
    n_header, n_blob = struct.unpack("<II", frame[:8])
    assert len(frame) == 8 + n_header + n_blob
    return json.loads(frame[8 : 8 + n_header]), memoryview(frame)[8 + n_header :]


def crossed(value: Any, source: Wire | None = None, target: Wire | None = None) -> Any:
    """Send a value from the box to the judge, or between two given ends."""
    judge, box = ends()
    return (target or judge).read(*unpacked((source or box).write(value)))


def same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    return bool(one == other)


plain_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.just(...),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(plain_values)
def test_plain_values_come_as_they_went(value):
    assert same(crossed(value), value)


DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.complex64, torch.bool]
DTYPES += [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 0, 4)])
def test_tensors_of_every_dtype_come_as_they_went(dtype, shape):
    tensor = (10 * torch.randn(shape)).to(dtype)
    there = crossed(tensor)
    assert (there.dtype, there.shape) == (tensor.dtype, tensor.shape)
    assert torch.equal(there, tensor)


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x.T,
        lambda x: x[1],
        lambda x: x[:, 1:3],
        lambda x: x[::2],
        lambda x: x[None].expand(5, *x.shape),
        lambda x: x.flip(0),
        lambda x: nn.Parameter(x),
        lambda x: x.clone().requires_grad_() * 2,
        lambda x: torch.complex(x, x).conj(),
        lambda x: torch._neg_view(x),
    ],
)
def test_views_and_graphs_come_as_their_values(view):
    tensor = view(torch.arange(12.0).reshape(3, 4))
    there = crossed(tensor)
    assert type(there) is Tensor
    assert torch.equal(there, tensor.detach())
    assert not there.requires_grad


def test_numpy_keeps_its_types():
    array = np.arange(6, dtype=np.float32).reshape(2, 3)[:, ::-1]
    there = crossed(array)
    assert type(there) is np.ndarray
    assert there.dtype == np.float32
    np.testing.assert_array_equal(there, array)
    assert crossed(np.array(2.5)).shape == ()
    number = crossed(np.float64(2.5))
    assert (type(number), number) == (np.float64, 2.5)
    assert describe(crossed(np.array([object()]))) == "a ndarray"


class Lying(float):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = float.__hash__


class Subclass(Tensor):
    pass


class Strange:
    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("do not touch")


OTHERS = {
    "a Lying": lambda: Lying(1.0),
    "a Subclass": lambda: torch.ones(2).as_subclass(Subclass),
    "a Strange": Strange,
    "an int": lambda: 10**30,
    "a set": lambda: {1, 2},
    "a bytes": lambda: b"bytes",
    "a type": lambda: np.float64,
    "a Linear": lambda: nn.Linear(2, 2),
}


@pytest.mark.parametrize("told", OTHERS)
def test_what_is_none_of_the_plain_kinds_is_told_by_its_name(told):
    there = crossed(OTHERS[told]())
    assert isinstance(there, Other)
    assert describe(there) == told


@pytest.mark.parametrize(
    "tensor", [torch.ones(2).to_sparse(), torch.ones(2, device="meta")], ids=["sparse", "meta"]
)
def test_a_tensor_without_plain_memory_does_not_cross(tensor):
    assert isinstance(crossed(tensor), Other)


def test_a_name_that_is_no_name_is_not_repeated():
    strange = type("<script>alert(1)</script>", (), {})
    assert describe(crossed(strange())) == "an object"


def test_an_endless_nest_ends():
    nest: list[Any] = []
    nest.append(nest)
    there = crossed(nest)
    for _ in range(MAX_DEPTH):
        (there,) = there
    assert isinstance(there[0], Other)
    assert len(crossed([0] * (2 * MAX_VALUES))) <= MAX_VALUES


def test_a_function_can_be_called_from_the_other_side():
    functions: list[Any] = []
    calls = []
    judge = Wire(JUDGE, lambda *call: calls.append(call), [])
    box = Wire(BOX, no_call, functions)
    there = crossed(len, box, judge)
    there([1, 2], option=3)
    assert functions == [len]
    assert calls == [(0, ([1, 2],), {"option": 3})]


def test_a_change_of_an_argument_shows_on_the_other_side():
    judge, box = ends()
    x = torch.arange(4.0)
    in_box = crossed([x, x[1:]], judge, box)
    in_box[0] += 1
    crossed("done", box, judge)
    assert x.tolist() == [1, 2, 3, 4]
    assert in_box[0].untyped_storage().data_ptr() == in_box[1].untyped_storage().data_ptr()


def test_a_result_that_is_a_view_of_an_argument_shares_its_memory():
    judge, box = ends()
    x = torch.arange(6.0).reshape(2, 3)
    in_box = crossed(x, judge, box)
    result = crossed(in_box.T[1:], box, judge)
    assert torch.equal(result, x.T[1:])
    assert result.data_ptr() == x.T[1:].data_ptr()


def test_a_later_call_that_uses_the_memory_of_an_earlier_result_shows():
    judge, box = ends()
    buffer = torch.zeros(3)
    first = crossed(buffer, box, judge)
    buffer.fill_(7)
    second = crossed(buffer, box, judge)
    assert first.tolist() == second.tolist() == [7, 7, 7]
    assert first.data_ptr() == second.data_ptr()
    assert crossed(torch.zeros(3), box, judge).data_ptr() != first.data_ptr()


def test_memory_that_has_not_changed_does_not_cross_again():
    judge, _ = ends()
    x = torch.ones(1000)
    assert len(judge.write(x)) > 4000
    assert len(judge.write(x)) < 400
    x[0] = 2
    assert len(judge.write(x)) > 4000


def test_a_generator_goes_on_in_the_box_where_it_stopped():
    judge, box = ends()
    generator, twin = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    drawn = [torch.rand(2, generator=crossed(generator, judge, box)) for _ in range(2)]
    assert torch.equal(torch.cat(drawn), torch.rand(4, generator=twin))
    copied = crossed(generator.clone_state(), judge, box)
    assert torch.equal(torch.rand(2, generator=copied), drawn[0])


def test_a_generator_of_the_box_comes_as_a_seed_and_moves_on():
    judge, box = ends()
    generator = torch.Generator().manual_seed(3)
    one, other = (crossed(generator, box, judge) for _ in range(2))
    assert one.initial_seed() != other.initial_seed()
    again = crossed(torch.Generator().manual_seed(3), box, judge)
    assert again.initial_seed() == one.initial_seed()


TENSOR = {"kind": "tensor", "dtype": "float32", "size": [1], "stride": [1], "offset": 0}


def told(value: Any, storages: Any = (), blob: bytes = b"") -> tuple[Any, memoryview]:
    return {"value": value, "storages": list(storages)}, memoryview(blob)


FORGED = {
    "an unknown kind": told({"kind": "pickle", "data": "gASVCg=="}),
    "a kind that is none": told({"kind": ["tensor"]}),
    "no kind": told({"data": 1}),
    "a naked list": told([1, 2]),
    "no value": ({"storages": []}, memoryview(b"")),
    "no storages": ({"value": 1}, memoryview(b"")),
    "memory that was not told": told({**TENSOR, "storage": -1}),
    "memory of the judge's numbers": told({**TENSOR, "storage": 1}, [[1, 4]], b"abcd"),
    "less memory than told": told({**TENSOR, "storage": -1}, [[-1, 8]], b"abcd"),
    "more memory than told": told({**TENSOR, "storage": -1}, [[-1, 4]], b"abcdefgh"),
    "memory of a negative size": told(None, [[-1, -4]], b""),
    "memory of a huge size": told(None, [[-1, 1 << 60]], b""),
    "memory of a size that is no number": told(None, [[-1, "4"]], b"abcd"),
    "memory without a size": told(None, [[-1]], b""),
    "a storage number that is no number": told(None, [["x", 4]], b"abcd"),
    "a tensor beyond its memory": told({**TENSOR, "size": [9], "storage": -1}, [[-1, 4]], b"abcd"),
    "an offset beyond": told({**TENSOR, "offset": 9, "storage": -1}, [[-1, 4]], b"abcd"),
    "a negative offset": told({**TENSOR, "offset": -1, "storage": -1}, [[-1, 4]], b"abcd"),
    "a negative stride": told({**TENSOR, "stride": [-1], "storage": -1}, [[-1, 4]], b"abcd"),
    "a negative size": told({**TENSOR, "size": [-1], "storage": -1}, [[-1, 4]], b"abcd"),
    "a boolean size": told({**TENSOR, "size": [True], "storage": -1}, [[-1, 4]], b"abcd"),
    "strides that are too few": told({**TENSOR, "stride": [], "storage": -1}, [[-1, 4]], b"abcd"),
    "a tensor that repeats one number for ever": told(
        {**TENSOR, "size": [1 << 23, 1 << 23], "stride": [0, 0], "storage": -1}, [[-1, 4]], b"abcd"
    ),
    "a dtype of another kind": told(
        {**TENSOR, "dtype": "Tensor", "storage": -1}, [[-1, 4]], b"abcd"
    ),
    "an array of objects": told({"kind": "number", "dtype": "object", "value": "x"}),
    "an array of another shape": told(
        {"kind": "array", "values": {**TENSOR, "storage": -1}, "shape": [7]}, [[-1, 4]], b"abcd"
    ),
    "a generator of the box": told({"kind": "generator", "number": 0, "state": TENSOR}),
    "a stack": told({"kind": "stack", "parts": []}),
    "a seed below 0": told({"kind": "seed", "seed": -1}),
    "a function of a negative number": told({"kind": "function", "number": -1, "name": "f"}),
    "a deep nest": told(json.loads('{"kind":"list","parts":[' * 60 + "]}" * 60)),
    "pairs that are none": told({"kind": "dict", "parts": [["a", 1, 2]]}),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_the_judge_refuses_what_no_honest_box_would_send(forged):
    judge, _ = ends()
    with pytest.raises(ProtocolError):
        judge.read(*forged)


def test_memory_cannot_be_exchanged_for_memory_of_another_size():
    judge, _ = ends()
    judge.read(*told({**TENSOR, "storage": -1}, [[-1, 4]], b"abcd"))
    with pytest.raises(ProtocolError, match="another size"):
        judge.read(*told(None, [[-1, 8]], b"abcdefgh"))


def test_many_views_of_little_memory_are_not_written_out():
    # Four bytes that would become a gibibyte, and the same as an array.
    judge, box = ends()
    with pytest.raises(ProtocolError, match="larger than any answer"):
        crossed([torch.zeros(1).expand(1 << 24) for _ in range(16)], box, judge)
    view = {**TENSOR, "size": [1 << 24], "stride": [0], "storage": -1}
    arrays = [{"kind": "array", "values": view, "shape": [1 << 24]}] * 2
    with pytest.raises(ProtocolError, match="larger than any answer"):
        Wire(JUDGE, no_call, []).read(*told({"kind": "list", "parts": arrays}, [[-1, 4]], b"abcd"))


def test_the_memory_of_all_answers_together_has_an_end():
    judge, box = ends()
    for _ in range(7):
        crossed(torch.zeros(1 << 22), box, judge)
    with pytest.raises(ProtocolError, match="more memory than any answer needs"):
        crossed(torch.zeros(1 << 23), box, judge)


values_of_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kind", "parts", "size", "storage", "number", "dtype", "value"]), inner
        )
        | st.fixed_dictionaries(
            {"kind": st.sampled_from(["list", "dict", "tensor", "array", "number", "function"])},
            optional={"parts": inner, "number": inner, "name": inner, "dtype": inner},
        )
    ),
    max_leaves=10,
)


@settings(max_examples=300)
@given(values_of_json, values_of_json, st.binary(max_size=20))
def test_whatever_comes_is_read_or_refused(value, storages, blob):
    judge, _ = ends()
    with contextlib.suppress(ProtocolError):
        judge.read({"value": value, "storages": storages}, memoryview(blob))


def pipes(left: float = 5.0) -> tuple[Channel, int, int]:
    """A channel, what writes to it, and what reads from it."""
    source, theirs = os.pipe()
    ours, sink = os.pipe()
    channel = Channel(source, sink)
    channel.left = left
    return channel, theirs, ours


def test_frames_arrive_one_by_one():
    channel, theirs, _ = pipes()
    os.write(theirs, packed({"a": 1}, b"xyz") + packed({"b": 2}))
    assert channel.receive() == ({"a": 1}, b"xyz")
    assert channel.receive() == ({"b": 2}, b"")


@pytest.mark.parametrize(
    ("start", "verdict"),
    [
        (struct.pack("<II", MAX_HEADER + 1, 0), "OUTPUT"),
        (struct.pack("<II", 2, MAX_BLOB + 1), "OUTPUT"),
        (struct.pack("<II", 2, 0) + b"{", "CRASH"),
        (b"PASS", "CRASH"),
    ],
)
def test_a_channel_ends_with_a_verdict(start, verdict):
    channel, theirs, _ = pipes()
    os.write(theirs, start)
    os.close(theirs)
    with pytest.raises(Ended, match=verdict):
        channel.receive()


@pytest.mark.parametrize("text", [b"{", b"[1]", b"\xff\xfe{}", b"[" * 100_000, b"1" * 5000])
def test_a_header_is_an_object_in_json(text):
    channel, theirs, _ = pipes()
    os.set_blocking(theirs, False)
    frame = memoryview(struct.pack("<II", len(text), 0) + text)
    os.write(theirs, frame[:60_000])
    if len(text) > 50_000:  # more than a pipe holds: the rest never comes
        os.close(theirs)
        with pytest.raises(Ended, match="CRASH"):
            channel.receive()
    else:
        with pytest.raises(ProtocolError):
            channel.receive()


def test_a_deeply_nested_header_is_refused():
    channel, theirs, _ = pipes()
    text = b'{"a":' * 5000 + b"1" + b"}" * 5000
    os.write(theirs, struct.pack("<II", len(text), 0) + text)
    with pytest.raises(ProtocolError):
        channel.receive()


def test_silence_is_a_time_out_in_both_directions():
    channel, theirs, _ = pipes(left=0.05)
    os.write(theirs, b"\x05\x00")
    with pytest.raises(Ended, match="TIMEOUT"):
        channel.receive()
    with pytest.raises(Ended, match="TIMEOUT"):
        channel.send(bytes(1 << 20))


def test_nobody_at_the_other_end_is_a_crash():
    channel, _, ours = pipes()
    os.close(ours)
    with pytest.raises(Ended, match="CRASH"):
        channel.send(b"x")
