"""What an attack on a box is: a Python program that says whether it failed, or never ends."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Attack:
    """One thing that must not work.

    Attributes
    ----------
    name : str
    holds : str
        What must hold, in one sentence.
    program : str
        Python text, below `PRELUDE`.
    ends : str
        How the box has to end; "" if the program itself says how it went.
    """

    name: str
    holds: str
    program: str
    ends: str = ""


PRELUDE = '''
import ctypes, errno, os, resource, signal, socket, sys, threading, time
RESPONSES = int(sys.argv[2])
MACHINE = os.uname().machine
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.syscall.restype = ctypes.c_long

def held():
    os.write(RESPONSES, b"HELD\\n")
    time.sleep(60)

def broken(text):
    os.write(RESPONSES, f"BROKEN: {text}\\n".encode()[:4000])
    time.sleep(60)

def decide(problems):
    broken("; ".join(map(str, problems))) if problems else held()

def works(action, *arguments, **named):
    """Whether something can be done without an error."""
    try:
        action(*arguments, **named)
    except (OSError, ValueError, MemoryError, RuntimeError):
        return False
    return True

def call(number, *arguments):
    """The result of a system call, or minus its error."""
    ctypes.set_errno(0)
    words = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    result = LIBC.syscall(ctypes.c_long(number), *words)
    return -ctypes.get_errno() if result == -1 else result
'''
