"""What a notebook's exercises are declared with.

An answer is judged by what it does on drawn inputs, never by its text. When it is wrong, the known
mistakes are called on the same inputs, and the one that does exactly the same is named.
"""

from tutorial_lib.exercises.exercise import PUBLIC_SEED, Exercise
from tutorial_lib.exercises.task import KnownBug, Task, Text

__all__ = ["PUBLIC_SEED", "Exercise", "KnownBug", "Task", "Text"]
