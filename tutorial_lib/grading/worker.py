"""What runs in the box: a parent with PyTorch loaded, and a child of its own for each exercise.

The parent reads nothing but the orders to begin, so that a child which crashes costs only its
exercise, and leaves no trace in the next one.
"""

import gc
import os
import random
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch

from tutorial_lib import driving
from tutorial_lib.grading.answer import namespace, shut_out_the_library, told_of
from tutorial_lib.grading.frames import Channel, Ended, packed
from tutorial_lib.grading.lent import differentiable
from tutorial_lib.grading.wire import BOX, Wire

IN_THE_BOX = Path("/box/library")
# What asks PyTorch's compiler, when it is called first, not to compile it.
NOT_COMPILED = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")


def serve(requests: int, responses: int) -> None:
    """Carry out one exercise after the other until the judge hangs up."""
    torch.set_num_threads(1)  # so that a child can be forked, and two boxes share two cores
    shut_out_the_library()
    leave_the_compiler_out()
    _throw_anew()  # loads what numpy's dice take, once for all children
    gc.freeze()  # a child that clears up behind itself does not copy all that is here first
    gc.enable()
    channel = Channel(requests, responses)
    channel.send(packed({"kind": "ready"}))
    while True:
        try:
            order, blob = channel.receive()
        except Ended:
            return
        child = os.fork()
        if child == 0:
            _carry_out(channel, order, blob)
        os.waitpid(child, 0)
        _clear_up()
        channel.send(packed({"kind": "left", "session": order["session"]}))


def leave_the_compiler_out() -> None:
    """Have L-BFGS come without the compiler: to load it takes a child longer than its exercise.

    A PyTorch that keeps its notes elsewhere loads it after all.
    """
    for name in NOT_COMPILED:
        plain = getattr(getattr(torch.optim.Optimizer, name), "__wrapped__", None)
        if plain is not None:
            plain.__dynamo_disable = plain  # as if it had been asked before


def _clear_up() -> None:
    """End what a child has left running; without a box it runs on until all is ended."""
    if IN_THE_BOX.exists():
        with suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)  # everybody in the box but this process and its init


def _carry_out(channel: Channel, order: dict[str, Any], blob: memoryview) -> NoReturn:
    """Be the child: run the definitions, answer calls, and end."""
    status = 1
    try:
        if IN_THE_BOX.exists():
            os.setsid()  # elsewhere the box is ended by the group that it began with
        Conversation(channel, order, blob).run()
        status = 0
    finally:
        os._exit(status)


def _throw_anew() -> None:
    """Put the dice that belong to nobody, and PyTorch's ways, back to where each case begins."""
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002  # the dice of an answer that throws the old ones
    random.seed(0)
    torch.set_default_dtype(torch.float32)
    torch.set_grad_enabled(True)


class Conversation:
    """One exercise: the judge asks and we answer, but for the functions that we call in between."""

    def __init__(self, channel: Channel, order: dict[str, Any], blob: memoryview) -> None:
        self._channel = channel
        self._session = order["session"]
        self._functions: list[Any] = [None]  # number 0 is the answer
        self._wire = self._new_wire()
        self._drive = getattr(driving, order["drive"]) if order["drive"] else None
        lent = self._new_wire().read(order, blob)
        given = {name: differentiable(*functions) for name, functions in lent.items()}
        scope, self._problems = namespace(order["pieces"], given)
        self._functions[0] = scope.get(order["name"], ...)

    def _new_wire(self) -> Wire:
        return Wire(BOX, self._call_judge, self._functions)

    def run(self) -> None:
        """Say what the answer is, then answer calls until the judge has enough."""
        problems = [[piece, told_of(error)] for piece, error in self._problems]
        is_function = callable(self._functions[0])
        value = None if is_function else self._functions[0]
        self._send("found", value, is_function=is_function, problems=problems)
        while True:
            order, blob = self._channel.receive()
            if order["kind"] == "end":
                return
            arguments, options = self._wire.read(order, blob)
            if order["begins"]:
                _throw_anew()
            try:
                result = self._called(order["number"], arguments, options)
            except BaseException as error:  # sys.exit() too is only an error of the answer
                self._send("error", None, error=told_of(error))
            else:
                # Lists have no memory of their own: what has become of them is told.
                lists = [value if type(value) is list else None for value in arguments]
                self._send("result", [lists, result])

    def _called(self, number: int, arguments: Any, options: Any) -> Any:
        function = self._functions[number]
        if number == 0 and self._drive is not None:
            return self._drive(function, *arguments, **options)
        return function(*arguments, **options)

    def _send(self, kind: str, value: Any, **header: Any) -> None:
        self._channel.send(self._wire.write(value, kind=kind, session=self._session, **header))

    def _call_judge(self, number: int, arguments: Any, options: Any) -> Any:
        """Call a function of the judge's; what crosses then is copied, and shares no memory."""
        header = {"kind": "call", "session": self._session, "number": number}
        self._channel.send(self._new_wire().write([list(arguments), options], **header))
        answer, blob = self._channel.receive()
        if answer["kind"] == "error":
            raise TypeError(answer["text"])
        return self._new_wire().read(answer, blob)
