"""The tensors of two processes that see the same memory.

Each side numbers the storages that it introduces. A frame carries those that are new or have
changed, so that an argument which a call changes, a result that is a view of an argument, and two
results in the same memory show on the judge's side as they would in one process.
"""

import math
from typing import Any

import torch
from torch import Tensor

from tutorial_lib.grading.frames import MAX_BLOB, ProtocolError

MAX_ELEMENTS = 1 << 24  # of one tensor: a view can be larger than its memory
MAX_STORAGE = 32 << 20  # bytes; a view of more is copied rather than shared
MAX_TAKEN = 128 << 20  # bytes that the other side may introduce in all
MAX_FRAME = 64 << 20  # bytes of all tensors in a frame together, written out
MAX_STORAGES = 100_000
MAX_DIMENSIONS = 20

_DTYPES = {
    name: getattr(torch, name)
    for name in (
        *("float32", "float64", "float16", "bfloat16", "complex64", "complex128", "bool"),
        *("uint8", "int8", "int16", "int32", "int64"),
    )
}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}

Told = dict[str, Any]  # a value as it stands in a header


def whole(value: Any, limit: int) -> int:
    """Return a whole number from 0 to a limit, or raise a ProtocolError."""
    if type(value) is not int or not 0 <= value <= limit:
        raise ProtocolError("a number out of its range")
    return value


class Memory:
    """The storages that both sides know.

    Parameters
    ----------
    sign : int
        1 on one side and -1 on the other, which number upwards and downwards.
    """

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._storages: dict[int, torch.UntypedStorage] = {}
        # By address: every storage is kept, so no address is used again.
        self._numbers: dict[int, int] = {}
        self._taken = self._spent = 0
        self._known_there: dict[int, int] = {}

    @staticmethod
    def holds(value: Any) -> bool:
        """Tell whether a value is a tensor that can cross: by its exact type, and not too large."""
        if type(value) not in (Tensor, torch.nn.Parameter) or value.layout is not torch.strided:
            return False
        is_known = value.device.type == "cpu" and value.dtype in _NAMES
        return is_known and value.numel() <= MAX_ELEMENTS

    def tell(self, tensor: Tensor) -> Told:
        """Return what a header says of a tensor; its storage goes with the next `changes`."""
        tensor = tensor.detach().resolve_conj().resolve_neg()
        if tensor.untyped_storage().nbytes() > MAX_STORAGE:
            tensor = tensor.clone(memory_format=torch.contiguous_format)
        return {
            "kind": "tensor",
            "dtype": _NAMES[tensor.dtype],
            "size": list(tensor.shape),
            "stride": list(tensor.stride()),
            "offset": tensor.storage_offset(),
            "storage": self._number_of(tensor.untyped_storage()),
        }

    def _number_of(self, storage: torch.UntypedStorage) -> int:
        address = storage.data_ptr()
        if address not in self._numbers or not address:  # 0: nothing in it
            self._numbers[address] = self._sign * (len(self._storages) + 1)
            self._storages[self._numbers[address]] = storage
        return self._numbers[address]

    def changes(self) -> tuple[list[list[int]], bytes]:
        """Return what the other side must hear of: numbers and sizes of storages, and the bytes."""
        told, blobs = [], []
        for number, storage in self._storages.items():
            data = _bytes_of(storage)
            digest = _digest(data)
            if self._known_there.get(number) != digest:
                self._known_there[number] = digest
                told.append([number, len(data)])
                blobs.append(data)
        return told, b"".join(blobs)

    def take(self, told: list[list[int]], blob: memoryview) -> None:
        """Put what the other side's `changes` told into place.

        Raises
        ------
        ProtocolError
            If sizes or numbers are not those of an honest side.
        """
        start = self._spent = 0
        for number, size in told:
            data = blob[start : start + whole(size, MAX_BLOB)]
            start += size
            if len(data) != size:
                raise ProtocolError("less memory than was told")
            _fill(self._storage(number, size), data)
            self._known_there[number] = _digest(data)
        if start != len(blob):
            raise ProtocolError("memory that nobody told of")

    def _storage(self, number: int, size: int) -> torch.UntypedStorage:
        known = self._storages.get(number)
        if known is None:
            whole(-self._sign * number - 1, MAX_STORAGES)  # introduced by the other side
            self._taken += size
            if self._taken > MAX_TAKEN:
                raise ProtocolError("more memory than any answer needs")
            known = torch.empty(size, dtype=torch.uint8).untyped_storage()
            self._storages[number] = known
            self._numbers[known.data_ptr()] = number
        if known.nbytes() != size:
            raise ProtocolError("memory of another size")
        return known

    def spend(self, n_bytes: int) -> None:
        """Count what the values of a frame come to when they are copied: views may be many."""
        self._spent += n_bytes
        if self._spent > MAX_FRAME:
            raise ProtocolError("values that are larger than any answer")

    def build(self, told: Told) -> Tensor:
        """Return the tensor that a header tells of, in the memory that both sides know."""
        size = [whole(n, MAX_ELEMENTS) for n in told["size"]]
        stride = [whole(n, MAX_ELEMENTS) for n in told["stride"]]
        if len(size) > MAX_DIMENSIONS or math.prod(size) > MAX_ELEMENTS:
            raise ProtocolError("a tensor larger than any answer")
        storage, offset = self._storages[told["storage"]], whole(told["offset"], MAX_BLOB)
        steps = sum((n - 1) * step for n, step in zip(size, stride, strict=True))
        used = offset + steps + 1 if math.prod(size) else 0
        dtype = _DTYPES[told["dtype"]]
        self.spend(math.prod(size) * dtype.itemsize)
        if used * dtype.itemsize > storage.nbytes():  # set_ would enlarge the storage
            raise ProtocolError("a tensor beyond its memory")
        return torch.empty(0, dtype=dtype).set_(storage, offset, size, stride)


def _bytes_of(storage: torch.UntypedStorage) -> bytes:
    if not storage.nbytes():
        return b""
    return torch.empty(0, dtype=torch.uint8).set_(storage).numpy().tobytes()


def _fill(storage: torch.UntypedStorage, data: memoryview) -> None:
    if data:
        values = torch.frombuffer(bytearray(data), dtype=torch.uint8)
        torch.empty(0, dtype=torch.uint8).set_(storage).copy_(values)


def _digest(data: bytes | memoryview) -> int:
    """Return what tells whether memory has changed; each side asks only itself, and often."""
    return hash(bytes(data))
