"""How sentences are set: joined, shortened, and wrapped."""

import textwrap
from collections.abc import Sequence

WIDTH = 88
LONGEST_QUOTE = 500


def join(names: Sequence[str]) -> str:
    """Enumerate names: ``"a, b and c"``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def shorten(text: str) -> str:
    """Cut what a learner's code said to a length that can be read."""
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]} …"


def indent(text: str) -> str:
    """Set a quotation apart; blank lines too, so that it stays one paragraph."""
    return textwrap.indent(text, "    ", lambda line: True)


def wrap(message: str) -> str:
    """Wrap the paragraphs of a message; those that are indented keep their lines."""
    return "\n\n".join(
        paragraph if paragraph.startswith("    ") else textwrap.fill(paragraph, WIDTH)
        for paragraph in message.split("\n\n")
    )
