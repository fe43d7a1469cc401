"""Two charts as SVG inside a page: what they show is also said in numbers."""

from collections.abc import Sequence
from itertools import count

from tutorial_lib.grading.page import Html, element

_WIDTH, _HEIGHT = 640, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 12, 22, 46
_MOST_BARS = 14


def bar(share: float, *, width: int = 120) -> Html:
    """Return a bar, filled up to a share in [0, 1]; the number has to stand beside it."""
    track = element("rect", class_="track", width=width, height=10, rx=3)
    fill = element("rect", class_="fill", width=round(width * share, 1), height=10, rx=3)
    size = {"width": width, "height": 10, "viewBox": f"0 0 {width} 10"}
    return element("svg", track, fill, **size, aria_hidden="true")


def histogram(values: Sequence[float], *, largest: float, x_label: str, y_label: str) -> Html:
    """Return how often values fall into bins of equal width, from 0 to the largest possible.

    A value between two bins belongs to the upper one, the largest to the last.
    """
    width = _bin_width(largest)
    n_bins = max(1, -int(-largest // width))
    counts = [0] * n_bins
    for value in values:
        counts[min(int(value / width), n_bins - 1)] += 1
    edges = [*(k * width for k in range(n_bins)), largest]
    spoken = ", ".join(
        f"{low:g} to {high:g}: {number}"
        for low, high, number in zip(edges[:-1], edges[1:], counts, strict=True)
        if number
    )
    parts = [*_bars(counts), *_axes(edges, x_label=x_label, y_label=y_label)]
    size = {"width": _WIDTH, "height": _HEIGHT, "viewBox": f"0 0 {_WIDTH} {_HEIGHT}"}
    label = f"{y_label} by {x_label.lower()}: {spoken or 'nobody'}"
    return element("svg", *parts, **size, role="img", aria_label=label)


def _bin_width(largest: float) -> float:
    widths = (factor * 10.0**power for power in count() for factor in (1, 2, 5))
    return next(width for width in widths if largest <= width * _MOST_BARS)


def _x(position: float) -> float:
    """Return where a share of the horizontal axis lies."""
    return round(_LEFT + position * (_WIDTH - _LEFT - _RIGHT), 1)


def _bars(counts: Sequence[int]) -> list[Html]:
    """Return the bars, each with its number above."""
    n, highest = len(counts), max(*counts, 1)
    ground, room = _HEIGHT - _BOTTOM, _HEIGHT - _BOTTOM - _TOP
    parts = []
    for k, number in enumerate(counts):
        if number:
            height = round(room * number / highest, 1)
            left, right = _x((k + 0.06) / n), _x((k + 0.94) / n)
            box = {"x": left, "y": ground - height, "width": round(right - left, 1)}
            parts.append(element("rect", class_="fill", **box, height=height))
            parts.append(_text(str(number), x=_x((k + 0.5) / n), y=ground - height - 5))
    return parts


def _axes(edges: Sequence[float], *, x_label: str, y_label: str) -> list[Html]:
    ground, n = _HEIGHT - _BOTTOM, len(edges) - 1
    middle = (ground + _TOP) / 2
    turned = f"rotate(-90 16 {middle:g})"
    return [
        element("line", class_="axis", x1=_LEFT, y1=ground, x2=_x(1), y2=ground),
        element("line", class_="axis", x1=_LEFT, y1=_TOP, x2=_LEFT, y2=ground),
        *(_text(f"{edge:g}", x=_x(k / n), y=ground + 18) for k, edge in enumerate(edges)),
        _text(x_label, x=_x(0.5), y=_HEIGHT - 6),
        _text(y_label, x=16, y=middle, transform=turned),
    ]


def _text(text: str, *, x: float, y: float, **others: object) -> Html:
    return element("text", text, x=f"{x:g}", y=f"{y:g}", text_anchor="middle", **others)
