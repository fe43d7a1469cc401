"""The command ``reproduce``: re-run a published recipe on real MNIST and compare.

It writes ``results.json``, pictures, ``report.html`` and the trained model into a folder. Each
stage of each run has a checkpoint there until the run is done, so a stopped command goes on with
``--resume``.
"""

import argparse
import json
import shutil
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import torch

from tutorial_lib.checkpoints import CheckpointError, atomic_writer, load_model, save_model
from tutorial_lib.comparison import Row, format_table
from tutorial_lib.experiment import Experiment
from tutorial_lib.illustrations import illustrate
from tutorial_lib.loop import TrainingDiverged, TrainingInterrupted
from tutorial_lib.mnist import load_mnist
from tutorial_lib.precision import Precision
from tutorial_lib.recipes import Preset, Recipe, RecipeName, get_recipe
from tutorial_lib.report import png_bytes, write_report

_FIGURES = {
    "accuracy_before_fine_tuning": "test accuracy before fine-tuning",
    "test_accuracy": "test accuracy after fine-tuning",
    "validation_error": "validation error",
    "test_error": "test error",
    "test_error_without_pretraining": "test error without pre-training",
    "seconds.pretraining": "time of pre-training",
    "seconds.fine_tuning": "time of fine-tuning",
    "seconds.total": "time in all",
}
# Student's t, 97.5 % quantile, for 1, 2, ... degrees of freedom; beyond, the normal one is near.
_T_QUANTILES = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
_T_BEYOND = (2.201, 2.086, 1.980)  # from 11, 20 and 120 degrees on; on the safe side


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("recipe", choices=get_args(RecipeName))
    parser.add_argument("--preset", choices=get_args(Preset), default="full")
    seeds = parser.add_mutually_exclusive_group()
    seeds.add_argument("--seed", type=int, default=0, help="seed of a single run (default 0)")
    seeds.add_argument("--seeds", type=_positive, metavar="K", help="K runs, seeds 0 to K - 1")
    parser.add_argument("--out", type=Path, help="folder of the results (default results/RECIPE)")
    parser.add_argument("--resume", action="store_true", help="go on with what is in the folder")
    parser.add_argument("--precision", choices=get_args(Precision), default="float32")
    parser.add_argument(
        "--threads", type=_positive, help="CPU threads (default: all; 1 if as published)"
    )
    parser.add_argument(
        "--no-control", action="store_true", help="leave out the network without pre-training"
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress bars")


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not at least 1")
    return value


def run(arguments: argparse.Namespace) -> int:
    """Carry the command out and return its exit status."""
    recipe = get_recipe(arguments.recipe, arguments.preset)
    folder = arguments.out or Path("results") / recipe.name
    if (folder / "checkpoints").exists() and not arguments.resume:
        print(
            f"{folder} holds an unfinished run. Add --resume to go on with it, choose another "
            f"folder with --out, or delete {folder / 'checkpoints'} to begin anew.",
            file=sys.stderr,
        )
        return 2
    _set_threads(recipe, arguments.threads)
    try:
        _reproduce(recipe, folder, arguments)
    except TrainingInterrupted as stop:
        print(f"\n{stop}\nAdd --resume to the same command to go on.", file=sys.stderr)
        return 130
    except (CheckpointError, TrainingDiverged) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _set_threads(recipe: Recipe, threads: int | None) -> None:
    # With one example a step, two threads wait for each other longer than they work.
    if threads is None and recipe.pretraining[0].batch_size == 1:
        threads = 1
    if threads is not None:
        torch.set_num_threads(threads)


def _reproduce(recipe: Recipe, folder: Path, arguments: argparse.Namespace) -> None:
    digits = load_mnist(split=recipe.name, progress=not arguments.quiet)
    seeds = range(arguments.seeds) if arguments.seeds else [arguments.seed]
    experiments = [
        Experiment(
            recipe,
            digits,
            seed=seed,
            precision=arguments.precision,
            checkpoints=folder / "checkpoints" / f"seed{seed}",
            progress=not arguments.quiet,
        )
        for seed in seeds
    ]
    runs = [_run_or_recall(experiment, not arguments.no_control) for experiment in experiments]
    results = runs[0] if arguments.seeds is None else _over_seeds(runs)
    load_model(experiments[0].checkpoints / "model.checkpoint", experiments[0].stack)
    rows = comparison(recipe, results)
    _write(folder, recipe, results, rows, experiments[0])
    shutil.rmtree(folder / "checkpoints")
    print(f"\n{recipe.name}, {recipe.preset}\n{format_table(rows)}")
    print(f"\nReport: {folder / 'report.html'}")


def _run_or_recall(experiment: Experiment, control: bool) -> dict[str, Any]:
    """Run one seed, unless an earlier start of this command already has."""
    done = experiment.checkpoints / "results.json"
    if done.exists():
        results: dict[str, Any] = json.loads(done.read_text())
        return results
    if experiment.progress:
        print(f"Seed {experiment.seed}", file=sys.stderr)
    results = experiment.run(control=control)
    save_model(experiment.checkpoints / "model.checkpoint", experiment.stack)
    _write_json(done, results)
    return results


def _over_seeds(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    shared = {k: runs[0][k] for k in ("recipe", "preset", "threads", "precision", "torch")}
    figures = {name: [_figure(run, name) for run in runs] for name in _FIGURES}
    summary = {
        name: summarise([value for value in values if value is not None])
        for name, values in figures.items()
        if None not in values
    }
    return {**shared, "runs": list(runs), "summary": summary}


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


def _figure(run: Mapping[str, Any], name: str) -> float | None:
    """Return a figure by its dotted name, None if the run has none."""
    value: Any = run
    for key in name.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return None if value is None else float(value)


def comparison(recipe: Recipe, results: Mapping[str, Any]) -> list[Row]:
    """Return the published figures beside the obtained ones.

    Parameters
    ----------
    recipe : Recipe
    results : mapping
        The content of ``results.json``, of one run or of several.
    """
    rows = []
    for name, text in _FIGURES.items():
        summary = results.get("summary", {}).get(name)
        obtained = summary["mean"] if summary else _figure(results, name)
        if obtained is None:
            continue
        margin = None
        if summary and summary["interval_95"]:
            margin = summary["interval_95"][1] - obtained
        unit = "s" if name.startswith("seconds") else "%"
        rows.append(Row(text, recipe.published.get(name), obtained, unit, margin))  # type: ignore[arg-type]
    return rows


def _write(
    folder: Path,
    recipe: Recipe,
    results: dict[str, Any],
    rows: Sequence[Row],
    experiment: Experiment,
) -> None:
    first = results.get("runs", [results])[0]
    pictures = illustrate(experiment, first["history"])
    for name, illustration in pictures.items():
        with atomic_writer(folder / f"{name}.png") as file:
            file.write(png_bytes(illustration.image))
    write_report(
        folder,
        title=f"{recipe.name.upper() if recipe.name == 'ufldl' else 'SdA'}, {recipe.preset}",
        results=results,
        rows=rows,
        illustrations=list(pictures.values()),
    )
    save_model(folder / "model.checkpoint", experiment.stack)
    _write_json(folder / "results.json", results)


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    with atomic_writer(path) as file:
        file.write(json.dumps(content, indent=1).encode() + b"\n")
