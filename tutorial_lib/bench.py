"""The command ``bench``: our speed beside the common loop and the bare matrix products.

All times of one table come from one run on one machine, each the best of a few rounds in which
the competitors take turns; the ratios are what counts. Nothing else should be running.
"""

import argparse
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tutorial_lib import baselines
from tutorial_lib.autoencoder import Autoencoder
from tutorial_lib.bench_table import format_results
from tutorial_lib.checks import whole_number
from tutorial_lib.files import atomic_writer
from tutorial_lib.gradients import CHUNK_ROWS, AutoencoderGradients
from tutorial_lib.mnist import Digits, load_mnist
from tutorial_lib.precision import Precision, compute_dtype, fast_products
from tutorial_lib.settings import FineTuning, Pretraining
from tutorial_lib.sinks import AddToGradients
from tutorial_lib.stacked import StackedAutoencoder
from tutorial_lib.training import fine_tune, pretrain_greedily, pretrain_layer

Times = dict[str, float]
BATCH_SIZE = 100
HIDDEN_SIZES = (1000, 1000, 1000)
ROUNDS = 6
N_SUBMISSIONS = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--out", type=Path, default=Path("results/bench"), help="folder (default results/bench)"
    )
    parser.add_argument("--threads", type=whole_number(1, 1024), help="CPU threads (default: all)")
    parser.add_argument(
        "--images",
        type=whole_number(16, 60_000),
        default=50_000,
        help="training images (default 50,000; fewer for a quick look)",
    )
    parser.add_argument(
        "--submissions",
        type=whole_number(1, 10_000),
        default=N_SUBMISSIONS,
        help=f"honest submissions to grade (default {N_SUBMISSIONS}; a whole class is 500)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure, print the tables, write ``bench.json``, and return the exit status."""
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    digits = load_mnist(split="ufldl")
    results = measure(digits, n_images=arguments.images, n_submissions=arguments.submissions)
    print(format_results(results))
    path = arguments.out / "bench.json"
    with atomic_writer(path) as file:
        file.write(json.dumps(results, indent=1).encode() + b"\n")
    print(f"\nWritten to {path}")
    return 0


def take_turns(competitors: Mapping[str, Callable[[], object]], *, rounds: int = ROUNDS) -> Times:
    """Return the best time of each competitor, in seconds; one round more warms them up."""
    best = dict.fromkeys(competitors, float("inf"))
    for turn in range(rounds + 1):
        for name, work in competitors.items():
            start = time.perf_counter()
            work()
            if turn > 0:
                best[name] = min(best[name], time.perf_counter() - start)
    return best


def measure(digits: Digits, *, n_images: int, n_submissions: int = N_SUBMISSIONS) -> dict[str, Any]:
    """Return all measurements as they stand in ``bench.json``; seconds unless named otherwise."""
    x, labels = digits.train.images[:n_images], digits.train.labels[:n_images]
    return {
        "machine": {
            "processor": _processor(),
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
            "images": n_images,
        },
        "pretraining_epoch": _pretraining_epoch(x),
        "fine_tuning_epoch": _fine_tuning_epoch(x, labels),
        "lbfgs_evaluation": _lbfgs_evaluation(x),
        "whole_pretraining": _whole_pretraining(x),
        "growth": _growth(x),
        "peak_memory_gib": _peak_memory(n_images),
        "import_seconds": _import_times(),
        "explorers_milliseconds": _explorers(digits.test.images),
        "grading": _grading(n_submissions),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")  # platform.processor() is empty on many Linux systems
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _layer(n_epochs: int = 1) -> Pretraining:
    return Pretraining(
        n_epochs=n_epochs, learning_rate=0.1, batch_size=BATCH_SIZE, corruption_level=0.1
    )


def _pretraining_epoch(x: Tensor) -> Times:
    n_visible, n_hidden = x.shape[1], HIDDEN_SIZES[0]
    ours = Autoencoder(n_visible, n_hidden)
    common = baselines.CommonAutoencoder(n_visible, n_hidden)

    def epoch(precision: Precision) -> Callable[[], object]:
        return lambda: pretrain_layer(
            ours, x, settings=_layer(), precision=precision, progress=False
        )

    return take_turns(
        {
            "ours": epoch("float32"),
            "common": lambda: baselines.common_pretraining_epoch(
                [], common, x, batch_size=BATCH_SIZE, corruption_level=0.1
            ),
            "floor": _alone(baselines.PretrainingFloor(x, n_hidden, BATCH_SIZE), BATCH_SIZE),
            "bfloat16": epoch("bfloat16"),
            "bfloat16_floor": baselines.PretrainingFloor(
                x.to(compute_dtype("bfloat16")), n_hidden, BATCH_SIZE
            ),
        }
    )


def _alone(products: Callable[[], None], n_rows: int) -> Callable[[], None]:
    def work() -> None:
        with fast_products(n_rows):
            products()

    return work


def _fine_tuning_epoch(x: Tensor, labels: Tensor) -> Times:
    stack = StackedAutoencoder(x.shape[1], HIDDEN_SIZES)
    other = StackedAutoencoder(x.shape[1], HIDDEN_SIZES)
    settings = FineTuning(n_epochs=1, learning_rate=0.1, batch_size=BATCH_SIZE)
    sizes = [x.shape[1], *HIDDEN_SIZES, 10]

    def epoch(precision: Precision) -> Callable[[], object]:
        return lambda: fine_tune(
            stack.classifier, x, labels, settings=settings, precision=precision, progress=False
        )

    return take_turns(
        {
            "ours": epoch("float32"),
            "common": lambda: baselines.common_fine_tuning_epoch(
                other.classifier, x, labels, batch_size=BATCH_SIZE
            ),
            "floor": _alone(baselines.FineTuningFloor(x, sizes, BATCH_SIZE), BATCH_SIZE),
            "bfloat16": epoch("bfloat16"),
            "bfloat16_floor": baselines.FineTuningFloor(
                x.to(compute_dtype("bfloat16")), sizes, BATCH_SIZE
            ),
        }
    )


def _lbfgs_evaluation(x: Tensor) -> Times:
    autoencoder = Autoencoder(x.shape[1], 200, tied=False, initialisation="ufldl")
    twin = Autoencoder(x.shape[1], 200, tied=False, initialisation="ufldl")
    weights = [p for p in autoencoder.parameters() if p.ndim == 2]

    def evaluation(precision: Precision) -> Callable[[], None]:
        data = x.to(compute_dtype(precision))
        sink = AddToGradients(list(autoencoder.parameters()), dict.fromkeys(weights, 3e-3))
        gradients = AutoencoderGradients(
            autoencoder, loss="squared_error", dtype=data.dtype, sparsity_weight=3.0
        )

        def work() -> None:
            with torch.no_grad():
                gradients(data, data, sink)

        return _alone(work, CHUNK_ROWS)

    return take_turns(
        {
            "ours": evaluation("float32"),
            "common": lambda: baselines.common_lbfgs_evaluation(twin, x),
            "floor": _alone(baselines.LBFGSFloor(x, 200, CHUNK_ROWS), CHUNK_ROWS),
            "bfloat16": evaluation("bfloat16"),
        }
    )


def _whole_pretraining(x: Tensor) -> Times:
    """Time one epoch of each of the three layers, codes of the layers below included."""
    stack = StackedAutoencoder(x.shape[1], HIDDEN_SIZES)
    layers = [baselines.CommonAutoencoder(*s) for s in pairwise([x.shape[1], *HIDDEN_SIZES])]

    def common() -> None:
        for k, layer in enumerate(layers):
            baselines.common_pretraining_epoch(
                layers[:k], layer, x, batch_size=BATCH_SIZE, corruption_level=0.1
            )

    def ours() -> None:
        pretrain_greedily(stack, x, settings=_layer(), progress=False)

    return take_turns({"ours": ours, "common": common}, rounds=3)


def _growth(x: Tensor) -> dict[str, Times]:
    """Time an epoch of pre-training against each size, the others at their usual values."""

    def seconds(hidden_sizes: tuple[int, ...], n_images: int) -> float:
        stack = StackedAutoencoder(x.shape[1], hidden_sizes)
        data = x[:n_images]
        work = lambda: pretrain_greedily(stack, data, settings=_layer(), progress=False)  # noqa: E731
        return take_turns({"ours": work}, rounds=2)["ours"]

    n = len(x) // 4
    return {
        "hidden size": {str(h): seconds((h,), n) for h in (250, 500, 1000, 2000)},
        "depth": {str(d): seconds((1000,) * d, n) for d in (1, 2, 3)},
        "images": {str(m): seconds((1000,), m) for m in (n // 4, n // 2, n)},
    }


_MEMORY_PROGRAM = """
import resource, sys
from tutorial_lib import *
x, y = (t[:int(sys.argv[1])] for t in vars(load_mnist(split="ufldl").train).values())
stack = StackedAutoencoder(784, (1000, 1000, 1000))
pretrain_greedily(stack, x, settings=Pretraining(n_epochs=1, batch_size=100), progress=False)
fine_tune(stack.classifier, x, y, settings=FineTuning(n_epochs=1, optimiser="adam",
          learning_rate=1e-3, batch_size=100), progress=False)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def _peak_memory(n_images: int) -> float | None:
    """Return the peak memory of a whole training in its own process, in GiB."""
    if platform.system() == "Windows":  # has no resource module
        return None
    command = [sys.executable, "-c", _MEMORY_PROGRAM, str(n_images)]
    peak = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return peak / 2 ** (30 if platform.system() == "Darwin" else 20)  # bytes there, else KiB


def _import_times() -> Times:
    """Return the times of ``import torch``, and of all public names of ours after it."""
    ours = "import torch, time; t = time.perf_counter(); from tutorial_lib import *"
    programs = {
        "torch": "import time; t = time.perf_counter(); import torch",
        "tutorial_lib": ours.replace("from tutorial_lib import *", "import tutorial_lib"),
        "tutorial_lib_all_names": ours,
    }
    return {name: min(_timed(program) for _ in range(3)) for name, program in programs.items()}


def _explorers(images: Tensor) -> dict[str, dict[str, float]]:
    from tutorial_lib.widgets import latency  # here, for it takes Jupyter's widgets with it

    return latency.measure_explorers(images)


def _grading(n_submissions: int) -> dict[str, Any]:
    from tutorial_lib.grading import benchmark  # here, for it takes every exercise with it

    return benchmark.measure_grading(n_submissions)


def _timed(program: str) -> float:
    command = [sys.executable, "-c", f"{program}\nprint(time.perf_counter() - t)"]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
