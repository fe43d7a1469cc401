"""Copies of arguments, what has become of them, and whose memory is whose."""

import copy
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor

from tutorial_lib.exercises.parts import is_plain


def fresh(value: Any) -> Any:
    """Copy an argument, deeply; a generator keeps its state."""
    if isinstance(value, torch.Generator):
        return value.clone_state()
    if type(value) in (list, tuple):
        return type(value)(fresh(part) for part in value)
    return copy.deepcopy(value)


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Yield the tensors of a nested result."""
    if is_plain(value):
        yield value
    elif isinstance(value, torch.nn.Module):
        yield from value.parameters()
    elif isinstance(value, dict):
        for part in value.values():
            yield from tensors_in(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from tensors_in(part)


def same(before: Any, after: Any) -> bool:
    """Tell whether an argument is what it was; functions and generators are not looked at."""
    if type(before) is not type(after):
        return False
    if isinstance(before, Tensor):
        return same_tensor(before, after)
    if isinstance(before, torch.nn.Module):
        old, new = _kept_in(before), _kept_in(after)
        return old.keys() == new.keys() and all(same(old[name], new[name]) for name in old)
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(same, before, after))
    return before == after if isinstance(before, int | float | str) else True


def _kept_in(module: torch.nn.Module) -> dict[str, Any]:
    """Return what a module holds, layers that were hung on it too, and what of it is trained."""
    trained = {f"trained: {name}": p.requires_grad for name, p in module.named_parameters()}
    return {**trained, **module.state_dict()}


def same_tensor(before: Tensor, after: Tensor) -> bool:
    """Tell whether shape, dtype and all values are equal; NaN equals NaN here."""
    if not is_plain(after) or (before.shape, before.dtype) != (after.shape, after.dtype):
        return False
    return bool(((before == after) | (before.isnan() & after.isnan())).all())


def storages(tensors: Iterable[Tensor]) -> set[int]:
    """Return the addresses of the memory that tensors keep their values in."""
    return {tensor.untyped_storage().data_ptr() for tensor in tensors} - {0}  # 0: empty
