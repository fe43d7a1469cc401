"""Published figures beside ours: one list of rows for the terminal and for the report."""

import math
import statistics
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeGuard

HEADER = ("", "published", "obtained", "ratio of times")
NOT_KNOWN = "-"
MARGIN_NOTE = "±: half of the 95 % interval of the mean over all seeds"
# Student's t, 97.5 % quantile, for 1, 2, ... degrees of freedom; beyond, the normal one is near.
_T_QUANTILES = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
_T_BEYOND = (2.201, 2.086, 1.980)  # from 11, 20 and 120 degrees on; on the safe side


class Row(NamedTuple):
    """One line of the comparison; None is a figure that nobody published, or that was not run.

    Attributes
    ----------
    figure : str
        What was measured, such as "test error".
    published, obtained : float or None
        In percent or in seconds. Over several seeds, ``obtained`` is the mean.
    unit : {"%", "s"}
        Only times get a ratio.
    margin_95 : float, optional
        Half of the 95 % interval of that mean, in the same unit.
    """

    figure: str
    published: float | None
    obtained: float | None
    unit: Literal["%", "s"] = "%"
    margin_95: float | None = None


def format_table(rows: Sequence[Row]) -> str:
    """Return the comparison as plain text, one line per row, columns aligned."""
    lines: list[tuple[str, ...]] = [HEADER, *map(row_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join([*(_align(line, widths) for line in lines), *margin_note(rows)])


def margin_note(rows: Sequence[Row]) -> list[str]:
    """Return what the sign ± means, where a row has one."""
    return [MARGIN_NOTE] if any(row.margin_95 is not None for row in rows) else []


def row_cells(row: Row) -> tuple[str, str, str, str]:
    """Return the four texts of a row, in the order of `HEADER`."""
    show = format_duration if row.unit == "s" else format_percent
    obtained = show(row.obtained)
    if row.margin_95 is not None:
        obtained += f" ± {show(row.margin_95)}"
    ratio = _ratio(row.published, row.obtained) if row.unit == "s" else ""
    return row.figure, show(row.published), obtained, ratio


def _align(line: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = line
    numbers = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
    return "  ".join([first.ljust(widths[0]), *numbers]).rstrip()


def _is_number(value: float | None) -> TypeGuard[float]:
    return isinstance(value, int | float) and math.isfinite(value)


def format_percent(value: float | None) -> str:
    """Return 1.3 as "1.30 %"."""
    return f"{value:.2f} %" if _is_number(value) else NOT_KNOWN


def format_duration(seconds: float | None) -> str:
    """Return seconds as they are spoken of: 4.2 s, 2 min 50 s, 9 h 45 min."""
    if not _is_number(seconds):
        return NOT_KNOWN
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    if seconds < 3599.5:
        return "{} min {:02d} s".format(*divmod(round(seconds), 60))
    return "{} h {:02d} min".format(*divmod(round(seconds / 60), 60))


def _ratio(published: float | None, obtained: float | None) -> str:
    if not (_is_number(published) and _is_number(obtained) and published > 0 and obtained > 0):
        return NOT_KNOWN
    if published >= obtained:
        return f"{_factor(published / obtained)} times faster"
    return f"{_factor(obtained / published)} times slower"


def _factor(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}"


def format_value(value: float | None) -> str:
    """Return a number with two decimals."""
    return f"{value:.2f}" if _is_number(value) else NOT_KNOWN


def summarise(values: Sequence[float]) -> dict[str, Any]:
    """Return mean, standard deviation and the 95 % interval of the mean (Student's t).

    Parameters
    ----------
    values : sequence of float, at least one
        With one value alone, deviation and interval are None: it says nothing about spread.
    """
    mean = statistics.fmean(values)
    if len(values) == 1:
        return {"mean": mean, "standard_deviation": None, "interval_95": None}
    deviation = statistics.stdev(values)
    margin = _t_quantile(len(values) - 1) * deviation / len(values) ** 0.5
    return {
        "mean": mean,
        "standard_deviation": deviation,
        "interval_95": [mean - margin, mean + margin],
    }


def _t_quantile(degrees: int) -> float:
    if degrees <= len(_T_QUANTILES):
        return _T_QUANTILES[degrees - 1]
    return _T_BEYOND[(degrees >= 20) + (degrees >= 120)]
