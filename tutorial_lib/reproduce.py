"""The command ``reproduce``: re-run a published recipe on real MNIST and compare.

It writes ``results.json``, pictures, ``report.html`` and the trained model into a folder. Each
stage of each run has a checkpoint there until the run is done, so a stopped command goes on with
``--resume``.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import torch

from tutorial_lib.checkpoints import (
    CheckpointError,
    load_checkpoint,
    load_model,
    save_checkpoint,
    save_model,
)
from tutorial_lib.checks import whole_number
from tutorial_lib.comparison import Row, format_table, summarise
from tutorial_lib.experiment import Experiment
from tutorial_lib.files import atomic_writer
from tutorial_lib.illustrations import illustrate
from tutorial_lib.loop import TrainingDiverged
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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("recipe", choices=get_args(RecipeName), help="which tutorial")
    parser.add_argument(
        "--preset",
        choices=get_args(Preset),
        default="full",
        help="quick: under a minute; full (default): minutes, for sda with today's training; "
        "as-published: the original settings, for sda an hour or more",
    )
    seeds = parser.add_mutually_exclusive_group()
    seeds.add_argument(
        "--seed", type=whole_number(0, 2**32), default=0, help="seed of a single run (default 0)"
    )
    seeds.add_argument(
        "--seeds", type=whole_number(1, 1000), metavar="K", help="K runs, seeds 0 to K - 1"
    )
    parser.add_argument(
        "--out", type=Path, help="folder of the results (default results/RECIPE-PRESET)"
    )
    parser.add_argument("--resume", action="store_true", help="go on with what is in the folder")
    parser.add_argument(
        "--precision",
        choices=get_args(Precision),
        default="float32",
        help="of the matrix products (default float32); bfloat16 is faster where the CPU has it",
    )
    parser.add_argument(
        "--threads",
        type=whole_number(1, 1024),
        help="CPU threads (default: all; 1 if as published)",
    )
    parser.add_argument(
        "--no-control", action="store_true", help="leave out the network without pre-training"
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress bars")


def run(arguments: argparse.Namespace) -> int:
    """Carry the command out and return its exit status."""
    recipe = get_recipe(arguments.recipe, arguments.preset)
    folder = arguments.out or Path("results") / f"{recipe.name}-{recipe.preset}"
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
    except KeyboardInterrupt as stop:  # TrainingInterrupted, if it came during a training
        told = str(stop) or "Interrupted."
        print(f"\n{told}\nAdd --resume to the same command to go on.", file=sys.stderr)
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
    seeds = list(range(arguments.seeds)) if arguments.seeds else [arguments.seed]
    _claim(folder, recipe, seeds, arguments)
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
    _discard(folder / "checkpoints")
    print(f"\n{recipe.name}, {recipe.preset}\n{format_table(rows)}")
    print(f"\nReport: {folder / 'report.html'}")


def _claim(folder: Path, recipe: Recipe, seeds: list[int], arguments: argparse.Namespace) -> None:
    """Note which run this folder is for, so that ``--resume`` never mixes two."""
    path = folder / "checkpoints" / "command.checkpoint"
    here = {
        "recipe": recipe.name,
        "preset": recipe.preset,
        "seeds": seeds,
        "precision": arguments.precision,
        "threads": torch.get_num_threads(),
        "control": not arguments.no_control,
    }
    there = load_checkpoint(path) if path.exists() else here
    told = "; ".join(
        f"{k}: {there.get(k)} there, {v} here" for k, v in here.items() if there.get(k) != v
    )
    if told:
        raise CheckpointError(
            f"{folder} holds an unfinished run of another kind ({told}). Resume it with the "
            "options it was started with, or choose another folder with --out."
        )
    save_checkpoint(path, here)


def _discard(checkpoints: Path) -> None:
    """Remove a finished run's checkpoints; a process killed meanwhile leaves all or none."""
    gone = checkpoints.with_name(".finished")
    shutil.rmtree(gone, ignore_errors=True)
    checkpoints.rename(gone)
    shutil.rmtree(gone)


def _run_or_recall(experiment: Experiment, control: bool) -> dict[str, Any]:
    """Run one seed, unless an earlier start of this command already has."""
    done = experiment.checkpoints / "results.checkpoint"
    if done.exists():
        return load_checkpoint(done)
    if experiment.progress:
        print(f"Seed {experiment.seed}", file=sys.stderr)
    results = experiment.run(control=control)
    save_model(experiment.checkpoints / "model.checkpoint", experiment.stack)
    save_checkpoint(done, results)
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
        path = folder / f"{name}.png"
        with atomic_writer(path) as file:
            file.write(png_bytes(illustration.image))
        # Drawn a second time for the report, the layout would shift by a few pixels.
        pictures[name] = illustration._replace(image=path)
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
