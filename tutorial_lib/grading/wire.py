"""What crosses the border between judge and box: plain values, and the memory of tensors.

Both sides use this module; the judge relies on it. Nothing is unpickled: a value is one of the few
kinds below, or it is an `Other`, of which only the name of its type is told.
"""

import math
import re
from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
import torch

from tutorial_lib.driving import Stack
from tutorial_lib.grading.frames import ProtocolError, packed
from tutorial_lib.grading.memory import MAX_ELEMENTS, Memory, Told, whole

JUDGE, BOX = 1, -1  # the two sides; each numbers its storages with its sign

MAX_DEPTH = 20
MAX_VALUES = 100_000
MAX_TEXT = 100_000
_ARRAYS = ("float16", "float32", "float64", "bool", "uint8", "int8", "int16", "int32", "int64")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z_0-9]{0,39}")


class Other:
    """Stands for something that does not cross: its type has that thing's name."""


class Wire:
    """Writes and reads the values of one conversation.

    Parameters
    ----------
    side : JUDGE or BOX
    call : callable
        ``call(number, arguments, options)`` calls a function of the other side.
    functions : list
        Those of this side that were told of, and may be called by their number.
    """

    def __init__(self, side: int, call: Callable[..., Any], functions: list[Any]) -> None:
        self._side = side
        self._call = call
        self._functions = functions
        self._memory = Memory(side)
        self._count = 0
        # A generator's state crosses once; from then on it lives in the box.
        self._generators: list[torch.Generator] = []

    def write(self, value: Any, **header: Any) -> bytes:
        """Return a frame with a value, and the memory that is new or has changed."""
        self._count = 0
        told = self._tell(value, 0)
        storages, blob = self._memory.changes()
        return packed({**header, "value": told, "storages": storages}, blob)

    def _tell(self, value: Any, depth: int) -> Any:
        """Return a value as JSON, by its exact type: what a subclass would do, nobody knows."""
        self._count += 1
        kind = type(value)
        if depth > MAX_DEPTH or self._count > MAX_VALUES:
            return _other("nest")
        if value is None or kind in (bool, float):
            return value
        if kind is int:
            return value if -(1 << 63) <= value < 1 << 63 else _other("int")
        if kind is str:
            return value[:MAX_TEXT].encode("utf-8", "replace").decode()
        if value is ...:
            return {"kind": "ellipsis"}
        if issubclass(kind, list | tuple):  # a named tuple too: by what it holds, not what it says
            plain = list if issubclass(kind, list) else tuple
            held = islice(plain.__iter__(value), MAX_VALUES)
            parts = [self._tell(part, depth + 1) for part in held]
            return {"kind": plain.__name__, "parts": parts}
        if kind is dict:
            named = [(name, part) for name, part in value.items() if type(name) is str]
            return {"kind": "dict", "parts": [[k, self._tell(v, depth + 1)] for k, v in named]}
        return self._tell_object(value, kind)

    def _tell_object(self, value: Any, kind: type) -> Any:
        if self._memory.holds(value):
            return self._memory.tell(value)
        if kind is np.ndarray and value.dtype.name in _ARRAYS and value.size <= MAX_ELEMENTS:
            flat = torch.from_numpy(np.array(value, order="C").reshape(-1))
            told = self._memory.tell(flat)
            return {"kind": "array", "values": told, "shape": list(value.shape)}
        if issubclass(kind, np.generic) and value.dtype.name in _ARRAYS:
            return {"kind": "number", "dtype": value.dtype.name, "value": value.item()}
        if kind is torch.Generator:
            return self._tell_generator(value)
        if self._side is JUDGE and issubclass(kind, torch.nn.Module):
            tensors = value.state_dict(keep_vars=True).items()
            return {"kind": "stack", "parts": [[k, self._memory.tell(t)] for k, t in tensors]}
        if callable(value):
            self._functions.append(value)
            number = len(self._functions) - 1
            return {"kind": "function", "number": number, "name": _name_of(kind)}
        return _other(_name_of(kind))

    def _tell_generator(self, generator: torch.Generator) -> Told:
        if self._side is BOX:  # for the library's version of something, which runs at the judge's
            seed = torch.randint(1 << 53, (), generator=generator).item()
            return {"kind": "seed", "seed": seed}
        for number, known in enumerate(self._generators):
            if known is generator:
                return {"kind": "generator", "number": number}
        self._generators.append(generator)
        state = self._memory.tell(generator.get_state())
        return {"kind": "generator", "number": len(self._generators) - 1, "state": state}

    def read(self, header: dict[str, Any], blob: memoryview) -> Any:
        """Return the value of a frame, when its memory has been put in place.

        Raises
        ------
        ProtocolError
            If it is not what `write` writes.
        """
        try:
            self._memory.take(header["storages"], blob)
            self._count = 0
            return self._build(header["value"], 0)
        except ProtocolError:
            raise
        except Exception as error:  # a part that is missing, a shape that does not fit
            raise ProtocolError(f"a malformed frame ({type(error).__name__})") from None

    def _build(self, told: Any, depth: int) -> Any:
        self._count += 1
        if depth > MAX_DEPTH + 2 or self._count > 2 * MAX_VALUES:
            raise ProtocolError("values nested too deep")
        if told is None or type(told) in (bool, float, str):
            return told
        if type(told) is int:
            return told if -(1 << 63) <= told < 1 << 63 else math.inf
        match told["kind"]:
            case "ellipsis":
                return ...
            case "list":
                return [self._build(part, depth + 1) for part in told["parts"]]
            case "tuple":
                return tuple(self._build(part, depth + 1) for part in told["parts"])
            case "dict":
                return {str(name): self._build(part, depth + 1) for name, part in told["parts"]}
            case "tensor":
                return self._memory.build(told)
            case "other":
                return _stand_in(told["name"])
        return self._build_object(told)

    def _build_object(self, told: Told) -> Any:
        match told["kind"]:
            case "array":
                shape = [whole(n, MAX_ELEMENTS) for n in told["shape"]]
                return self._memory.build(told["values"]).numpy().copy().reshape(shape)
            case "number" if told["dtype"] in _ARRAYS:
                return np.dtype(told["dtype"]).type(told["value"])
            case "seed":
                return torch.Generator().manual_seed(whole(told["seed"], 1 << 53))
            case "function":
                return self._build_function(whole(told["number"], MAX_VALUES), told["name"])
            case "generator" if self._side is BOX:
                return self._build_generator(told)
            case "stack" if self._side is BOX:
                return Stack({name: self._memory.build(t) for name, t in told["parts"]})
        raise ProtocolError("a value of an unknown kind")

    def _build_generator(self, told: Told) -> torch.Generator:
        if "state" in told:
            generator = torch.Generator()
            generator.set_state(self._memory.build(told["state"]).clone())
            self._generators.append(generator)
        return self._generators[told["number"]]

    def _build_function(self, number: int, name: Any) -> Any:
        def call(self_: Any, *arguments: Any, **options: Any) -> Any:
            return self._call(number, arguments, options)

        # Of a type with that name, for a message that says what came in place of a tensor.
        return type(_checked_name(name), (Other,), {"__call__": call})()


def _other(name: str) -> Told:
    return {"kind": "other", "name": name}


def _name_of(kind: type) -> str:
    name = kind.__name__
    return name if type(name) is str else "object"


def _checked_name(name: Any) -> str:
    return name if type(name) is str and _IDENTIFIER.fullmatch(name) else "object"


def _stand_in(name: Any) -> Other:
    stand_in: Other = type(_checked_name(name), (Other,), {})()
    return stand_in
