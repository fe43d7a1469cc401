"""Lines, bars and histograms as SVG: sharp at any zoom, and their words are text.

They are redrawn at each move of a slider, several times faster than matplotlib could.
"""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

WIDTH, HEIGHT = 360, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 8, 22, 34  # room for a legend at the top
# Okabe and Ito's blue and vermilion, and a dash for those who see neither.
STYLES = ('stroke="#0072B2"', 'stroke="#D55E00" stroke-dasharray="6 3"')
_TEXT = 'fill="currentColor" font-size="11"'


def lines(curves: Mapping[str, Sequence[tuple[float, float]]], *, x: str, y: str) -> str:
    """Draw named curves of (x, y) points in one chart, with a legend if there are several."""
    points = [point for curve in curves.values() for point in curve]
    if not points:
        place = f'x="{WIDTH / 2}" y="{HEIGHT / 2}" text-anchor="middle" {_TEXT}'
        words = f"<text {place}>no {escape(y)} yet</text>"
        return _frame(f"{y} over {x}: no point yet", words, x, y, None, None)
    xs, ys = zip(*points, strict=True)
    ranges = _padded(min(xs), max(xs)), _padded(min(ys), max(ys))
    drawn, told = "", []
    for k, (name, curve) in enumerate(curves.items()):
        style = STYLES[k % len(STYLES)]
        path = " ".join(f"{_at(a, 0, ranges):.1f},{_at(b, 1, ranges):.1f}" for a, b in curve)
        drawn += f'<polyline points="{path}" fill="none" stroke-width="2" {style}/>'
        if len(curves) > 1:
            left = _LEFT + 8 + 150 * k
            drawn += f'<line x1="{left}" x2="{left + 25}" y1="8" y2="8" stroke-width="2" {style}/>'
            drawn += f'<text x="{left + 30}" y="12" {_TEXT}>{escape(name)}</text>'
        if curve:
            told.append(f"{name} from {curve[0][1]:.4g} to {curve[-1][1]:.4g}")
    return _frame(f"{y} over {x}: {'; '.join(told)}", drawn, x, y, *ranges)


def bars(values: Mapping[str, Sequence[float]], names: Sequence[str], *, y: str) -> str:
    """Draw a group of bars in [0, 1] for each name: the first series filled, a second hollow."""
    step = (WIDTH - _LEFT - _RIGHT) / len(names)
    ranges = (0.0, 1.0), (0.0, 1.0)
    drawn, told = "", []
    for r, (series, row) in enumerate(values.items()):
        width = 0.8 * step / len(values)
        style = 'fill="#0072B2"' if r == 0 else 'fill="none" stroke="#D55E00" stroke-width="1.5"'
        for k, value in enumerate(row):
            top = _at(value, 1, ranges)
            left = _LEFT + k * step + 0.1 * step + r * width
            drawn += _bar(left, top, width, style)
        if len(values) > 1:
            left = _LEFT + 8 + 150 * r
            drawn += f'<rect x="{left}" y="3" width="10" height="10" {style}/>'
            drawn += f'<text x="{left + 16}" y="12" {_TEXT}>{escape(series)}</text>'
        told.append(
            f"{series}: " + ", ".join(f"{n} {p:.2f}" for n, p in zip(names, row, strict=True))
        )
    for k, name in enumerate(names):
        centre = _LEFT + (k + 0.5) * step
        drawn += f'<text x="{centre:.1f}" y="{HEIGHT - 18}" text-anchor="middle" {_TEXT}>'
        drawn += f"{escape(name)}</text>"
    return _frame(f"{y}; {'; '.join(told)}", drawn, "", y, None, ranges[1])


def histogram(values: Sequence[float], *, x: str, n_bins: int = 30) -> str:
    """Count values in [0, 1] in equal bins."""
    counts, edges = np.histogram(values, bins=n_bins, range=(0, 1))
    ranges = (0.0, 1.0), (0.0, float(max(counts.max(), 1)))
    drawn = ""
    for count, low, high in zip(counts, edges, edges[1:], strict=False):
        left, right = _at(low, 0, ranges), _at(high, 0, ranges)
        top = _at(float(count), 1, ranges)
        drawn += _bar(left, top, right - left - 0.5, 'fill="#0072B2"')
    mean, share = np.mean(values), np.mean(np.asarray(values) > 0.5)
    told = f"Histogram of {x}: mean {mean:.3f}, above one half {share:.1%}"
    return _frame(told, drawn, x, "count", *ranges)


def _bar(left: float, top: float, width: float, style: str) -> str:
    """Return a bar that stands on the axis."""
    height = HEIGHT - _BOTTOM - top
    return f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" {style}/>'


def _padded(low: float, high: float) -> tuple[float, float]:
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _at(value: float, axis: int, ranges: tuple[tuple[float, float], tuple[float, float]]) -> float:
    low, high = ranges[axis]
    share = (value - low) / (high - low)
    if axis == 0:
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)
    return HEIGHT - _BOTTOM - share * (HEIGHT - _BOTTOM - _TOP)


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _frame(
    told: str,
    drawn: str,
    x: str,
    y: str,
    x_range: tuple[float, float] | None,
    y_range: tuple[float, float] | None,
) -> str:
    """Put axes with their ends and names around what was drawn."""
    floor, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
    axes = f'<path d="M{_LEFT} {_TOP}V{floor}H{right}" fill="none" stroke="currentColor"/>'
    for value, place in zip(y_range or (), (floor, _TOP + 8), strict=False):
        axes += (
            f'<text x="{_LEFT - 4}" y="{place}" text-anchor="end" {_TEXT}>{_short(value)}</text>'
        )
    for value, place, anchor in zip(x_range or (), (_LEFT, right), ("start", "end"), strict=False):
        axes += (
            f'<text x="{place}" y="{floor + 13}" text-anchor="{anchor}" {_TEXT}>'
            f"{_short(value)}</text>"
        )
    axes += f'<text x="{(_LEFT + right) / 2}" y="{HEIGHT - 4}" text-anchor="middle" {_TEXT}>'
    axes += f"{escape(x)}</text>"
    middle = (_TOP + floor) / 2
    axes += f'<text transform="translate(12 {middle}) rotate(-90)" text-anchor="middle" {_TEXT}>'
    axes += f"{escape(y)}</text>"
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(told)}" '
        f'style="width: {WIDTH}px; max-width: 100%; color: var(--jp-ui-font-color1, #222)">'
        f"{axes}{drawn}</svg>"
    )
