"""The benchmark's measurements as text, and the goals they are held to."""

from collections.abc import Mapping
from typing import Any

# The goals: the ratio of two times of a figure; at most so much above the floor, else at least.
_GOALS = (
    ("pretraining_epoch", "ours", "floor", 1.3),
    ("fine_tuning_epoch", "ours", "floor", 1.3),
    ("lbfgs_evaluation", "ours", "floor", 1.3),
    ("whole_pretraining", "common", "ours", 2.5),
    ("lbfgs_evaluation", "common", "ours", 2.0),
    ("pretraining_epoch", "ours", "bfloat16", 1.8),
    ("fine_tuning_epoch", "ours", "bfloat16", 1.8),
)
# What the eye takes for at once, in milliseconds.
_AT_ONCE = 100
# A class of 500 in half an hour on two cores: seconds of a core for each.
_CORE_SECONDS = 7.2

_LEGEND = (
    "common: DataLoader, nn.Module and autograd, the layers below run again for each batch",
    "floor: the matrix products of the same training and nothing else",
)


def format_results(results: Mapping[str, Any]) -> str:
    """Return the measurements as text: first times and goals, then what else was measured."""
    machine = results["machine"]
    columns = ("ours", "common", "floor", "bfloat16", "bfloat16_floor")
    lines = [
        f"{machine['processor']}, {machine['threads']} threads, PyTorch {machine['torch']}, "
        f"{machine['images']:,} images, float32 unless it says otherwise; seconds",
        "",
        " " * 20 + "".join(f"{name.replace('_', ' '):>16}" for name in columns),
    ]
    names = ("pretraining_epoch", "fine_tuning_epoch", "lbfgs_evaluation", "whole_pretraining")
    for name in names:
        times = [results[name].get(column) for column in columns]
        lines.append(f"{name:20}" + "".join(f"{_seconds(t):>16}" for t in times))
    lines += ["", *_LEGEND, "", *_goal_lines(results), ""]
    for size, grown in results["growth"].items():
        cells = ", ".join(f"{key}: {value:.3f}" for key, value in grown.items())
        lines.append(f"pre-training epoch by {size}: {cells}")
    imports = results["import_seconds"]
    lines.append(
        f"import torch {imports['torch']:.2f}, import tutorial_lib after it "
        f"{imports['tutorial_lib']:.3f}, all its names {imports['tutorial_lib_all_names']:.2f}"
    )
    if results["peak_memory_gib"] is not None:
        lines.append(f"peak memory of a whole training {results['peak_memory_gib']:.2f} GiB")
    lines += ["", *_explorer_lines(results["explorers_milliseconds"])]
    return "\n".join([*lines, "", *_grading_lines(results["grading"])])


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _goal_lines(results: Mapping[str, Any]) -> list[str]:
    lines = []
    for name, slower, faster, bound in _GOALS:
        ratio = results[name][slower] / results[name][faster]
        word = "at most" if faster == "floor" else "at least"
        met = ratio <= bound if faster == "floor" else ratio >= bound
        mark = "met" if met else "MISSED"
        lines.append(f"{name}: {slower} / {faster} = {ratio:.2f} (goal {word} {bound}: {mark})")
    return lines


def _explorer_lines(explorers: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return a line for each explorer: how long its slowest control takes."""
    lines = []
    for name, controls in explorers.items():
        slowest = max(controls, key=lambda control: controls[control])
        mark = "met" if controls[slowest] <= _AT_ONCE else "MISSED"
        lines.append(
            f"explorer {name}: 95 % of answers within {controls[slowest]:.1f} ms, slowest for "
            f"'{slowest}' (goal at most {_AT_ONCE}: {mark})"
        )
    return lines


def _grading_lines(grading: Mapping[str, Any]) -> list[str]:
    """Return how many submissions can be graded, and what their time goes to."""
    if "why_not" in grading:
        return [f"grading: not measured. {grading['why_not']}"]
    seconds = grading["core_seconds"]
    mark = "met" if seconds["all"] <= _CORE_SECONDS else "MISSED"
    share = {name: f"{part / seconds['all']:.0%}" for name, part in seconds.items()}
    return [
        f"grading: {grading['seconds_each']:.2f} per submission with {grading['processes']} "
        f"processes, {grading['in_half_an_hour']:,} in half an hour "
        f"(measured on {grading['submissions']})",
        f"grading: {seconds['all']:.2f} of a core per submission "
        f"(goal at most {_CORE_SECONDS}, 500 in half an hour on two cores: {mark})",
        f"grading: {share['torch']} of it loads PyTorch in the box, {share['sandbox']} is the "
        f"sandbox itself, {share['judge']} the judge; the rest is spent on answers in the box",
    ]
