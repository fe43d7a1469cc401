"""Imports go one way, and importing does nothing else."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "tutorial_lib"

# From the bottom to the top: a module imports only from layers below its own. A new module gets a
# place here, and a place that has to move is a decision, made here.
LAYERS = (
    ("checks", "files"),
    ("losses", "schedules", "nesting", "checkpoints", "sheets", "idx", "mnist_downloads", "lbfgs"),
    ("export_sheet", "export_texts"),
    ("autoencoder", "plots", "diagrams", "mnist_sources", "comparison"),
    ("stacked", "precision", "sinks", "mnist", "study_plots", "study_results"),
    ("gradients", "features", "study_files"),
    ("settings", "evaluation"),
    ("steppers", "study_settings"),
    ("loop",),
    ("training", "minimise"),
    ("recipes", "report", "baselines", "bench_table", "study_training"),
    ("experiment", "driving", "widgets"),
    ("exercises",),
    ("illustrations", "solve_insertion"),
    ("solve_execution", "solve_page", "grading", "export_cells"),
    ("reproduce", "bench", "study", "solve", "doctor", "grade", "export"),
    ("__main__",),
)
# Rooms of their own: nothing of ours but `checks` and `files` enters, and what trains does not
# enter them.
ROOMS = {
    "data": {"idx", "mnist_downloads", "mnist_sources", "mnist"},
    "pictures": {"sheets", "plots", "diagrams", "study_plots"},
    "what is kept": {"checkpoints"},
    "formulas": {"losses"},
}
# Models and training take tensors, and give tensors back: neither data nor pictures.
PURE = {
    *("losses", "autoencoder", "stacked", "precision", "sinks", "gradients", "features"),
    *("schedules", "settings", "evaluation", "steppers", "loop", "training", "minimise"),
    "nesting",
}
# What checks an exercise knows of no exercise, no solution, and nothing of what is taught.
MACHINERY = {
    *("core", "task", "exercise", "question", "trial", "running", "arguments", "blame", "parts"),
    *("values", "outcome", "pictures", "wording", "stubs", "record", "source", "drawing"),
    "progress",
}
# The map of the package names every public module, so it has no layer; it imports them on demand.
MAP_OF_THE_PACKAGE = "__init__"

LEVEL = {module: level for level, modules in enumerate(LAYERS) for module in modules}
# A package inside the package counts as one module.
FILES: dict[str, list[Path]] = {}
for path in sorted(PACKAGE.rglob("*.py")):
    FILES.setdefault(path.relative_to(PACKAGE).parts[0].removesuffix(".py"), []).append(path)
MODULES = [module for module in FILES if module != MAP_OF_THE_PACKAGE]


def named_modules(node: ast.AST) -> list[str]:
    """The dotted names that one statement or call imports."""
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            # `from tutorial_lib import losses` names a module after the word import,
            # `from tutorial_lib.losses import …` before it; with a dot for ours, the same.
            origin = ".".join(filter(None, ["tutorial_lib" if level else "", module]))
            return [origin, *(f"{origin}.{alias.name}" for alias in names)]
        case ast.Call(func=ast.Name(id="import_module"), args=[ast.Constant(value=str(name))]):
            return [name]
    return []


def imports_of_ours(source: str) -> set[str]:
    """The modules of the package that a source text imports, wherever in it."""
    names = [name for node in ast.walk(ast.parse(source)) for name in named_modules(node)]
    ours = (
        name.removeprefix("tutorial_lib.") for name in names if name.startswith("tutorial_lib.")
    )
    return {name.split(".")[0] for name in ours} & {*LEVEL, *MODULES}


def imports_of(module: str) -> set[str]:
    """The other modules of the package that a module imports."""
    return set().union(*(imports_of_ours(path.read_text()) for path in FILES[module])) - {module}


def test_the_reader_of_imports_sees_every_way_to_import():
    source = """
import tutorial_lib.losses
import tutorial_lib.mnist as data
from tutorial_lib import plots, checkpoints
from tutorial_lib.autoencoder import corrupt
from . import stacked
from .training import fine_tune
import numpy.testing
def late():
    from tutorial_lib.features import strongest_input
    import_module("tutorial_lib.bench")
"""
    assert imports_of_ours(source) == {
        *("losses", "mnist", "plots", "checkpoints", "autoencoder"),
        *("stacked", "training", "features", "bench"),
    }


def test_every_module_has_one_place():
    placed = [module for modules in LAYERS for module in modules]
    assert sorted(placed) == sorted(set(placed))
    assert {*MODULES} - {*placed} == set(), "give each of these a place in LAYERS"
    assert {*placed} - {*MODULES} == set(), "these are gone: take them out of LAYERS"
    assert set().union(PURE, *ROOMS.values()) <= {*placed}


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_one_way(module):
    assert module in LEVEL, f"give {module} a place in LAYERS"
    not_below = {other for other in imports_of(module) if LEVEL[other] >= LEVEL[module]}
    assert not not_below, f"{module} is not above {not_below}"


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_nothing_from_outside(room):
    for module in ROOMS[room]:
        outside = imports_of(module) - ROOMS[room] - {"checks", "files"}
        assert not outside, f"{module} imports {outside}"


@pytest.mark.parametrize("module", sorted(PURE))
def test_models_and_training_know_neither_data_nor_pictures(module):
    assert not imports_of(module) & (ROOMS["data"] | ROOMS["pictures"])


def exercises_imported_by(path: Path) -> set[str]:
    """The modules of the package `exercises` that one of its files imports."""
    nodes = ast.walk(ast.parse(path.read_text()))
    names = [name for node in nodes for name in named_modules(node)]
    inside = (name.removeprefix("tutorial_lib.exercises.") for name in names)
    here = {path.stem for path in (PACKAGE / "exercises").iterdir()}
    return {name.split(".")[0] for name in inside} & here


@pytest.mark.parametrize("module", sorted(MACHINERY))
def test_what_checks_exercises_knows_none_of_them(module):
    path = PACKAGE / "exercises" / f"{module}.py"
    assert imports_of_ours(path.read_text()) <= {"exercises", "checks", "files"}
    assert exercises_imported_by(path) <= MACHINERY


def test_solutions_and_mistakes_know_nothing_of_how_they_are_checked():
    for folder in ("solutions", "mistakes"):
        for path in (PACKAGE / "exercises" / folder).glob("*.py"):
            assert exercises_imported_by(path) <= {"solutions", "mistakes"}, path.name


# Heavy, or with an effect of their own: a display, a kernel, a server.
NOT_ON_IMPORT = ["matplotlib.pyplot", "jupyterlab", "ipykernel", "ipywidgets", "IPython", "scipy"]

LOOK = """
import json, sys, warnings, numpy, torch
def state():
    return {
        "torch generator": torch.get_rng_state().sum().item(),
        "numpy generator": str(numpy.random.get_state()[1][:9]),
        "dtype": str(torch.get_default_dtype()),
        "threads": torch.get_num_threads(),
        "gradients": torch.is_grad_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "precision": torch.get_float32_matmul_precision(),
        "warning filters": warnings.filters[:],
    }
before = state()
import importlib
for name in sys.argv[2:]:
    importlib.import_module(name)
after = state()
changed = [key for key in before if before[key] != after[key]]
loaded = [name for name in sys.argv[1].split() if name in sys.modules]
print(json.dumps({"changed": changed, "loaded": loaded}))
"""


def look_at_importing(*modules: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", LOOK, " ".join(NOT_ON_IMPORT), *modules]
    return subprocess.run(command, capture_output=True, text=True, cwd=PACKAGE.parent, check=False)


def test_importing_everything_changes_nothing_and_says_nothing():
    names = [f"tutorial_lib.{m}" for m in MODULES if m not in ("__main__", "widgets")]
    process = look_at_importing("tutorial_lib", *names)
    assert process.stderr == ""
    assert json.loads(process.stdout) == {"changed": [], "loaded": []}


def test_importing_explorers_loads_what_they_are_made_of_and_changes_nothing():
    process = look_at_importing("tutorial_lib.widgets")
    assert process.stderr == ""
    seen = json.loads(process.stdout)
    assert seen["changed"] == []
    assert "ipywidgets" in seen["loaded"]


def test_only_explorers_know_how_they_are_drawn_in_a_browser():
    for module, paths in FILES.items():
        text = "".join(path.read_text() for path in paths)
        knows = bool(re.search(r"^\s*(import|from) (ipywidgets|anywidget)", text, re.MULTILINE))
        assert knows == (module == "widgets"), module


def test_the_look_would_see_an_effect(tmp_path, monkeypatch):
    (tmp_path / "noisy.py").write_text(
        "import torch, IPython\ntorch.manual_seed(1)\ntorch.set_num_threads(1)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    seen = json.loads(look_at_importing("noisy").stdout)
    assert "torch generator" in seen["changed"]
    assert "IPython" in seen["loaded"]
