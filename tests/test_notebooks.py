"""The notebooks as delivered: their static rules, and a run from top to bottom on real MNIST."""

import ast
import re
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))

MAX_CODE_LINES = 12
WORDS_PER_CODE_CELL = (40, 100)  # on average, the first and the last cell apart
MAX_WORDS_IN_A_CELL = 140
WORDS_AFTER_A_FIGURE = 20
NOT_ALLOWED = re.compile(r"^\s*[%!]|sys\.path|\bpip\b|import \*|\.ipynb_checkpoints", re.MULTILINE)
# Seconds for one cell; a busy machine may be ten times slower than a quiet one.
CELL_TIMEOUT = 900


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def cells_of(notebook: NotebookNode, kind: str) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def count_words(markdown: str) -> int:
    """Count the words that are read as prose: formulas, addresses and symbols are not."""
    prose = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|\(https?:[^)]*\)", " ", markdown, flags=re.DOTALL)
    return len(re.findall(r"[^\W\d][\w’'-]*", prose))


# --- Static rules -----------------------------------------------------------------------------


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def notebook(request) -> NotebookNode:
    return read(request.param)


def test_there_is_a_first_notebook():
    assert "01_autoencoder.ipynb" in [path.name for path in PATHS]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_file_is_valid_and_stored_without_outputs(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    for cell in cells_of(notebook, "code"):
        assert cell.outputs == [], cell.id
        assert cell.execution_count is None, cell.id
        assert cell.metadata == {}, cell.id


def test_cell_ids_are_given_names(notebook):
    ids = [cell.id for cell in notebook.cells]
    assert len(ids) == len(set(ids))
    # Names, not the random hexadecimal digits that an editor gives a new cell.
    assert [name for name in ids if not re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", name)] == []
    assert [name for name in ids if re.fullmatch(r"[0-9a-f]{8}", name)] == []


def test_code_cells_are_short_and_plain(notebook):
    for cell in cells_of(notebook, "code"):
        lines = cell.source.splitlines()
        assert 1 <= len(lines) <= MAX_CODE_LINES, f"{cell.id} has {len(lines)} lines"
        assert not NOT_ALLOWED.search(cell.source), cell.id
        ast.parse(cell.source)


def test_imports_stand_first_in_their_cell_and_serve_in_it(notebook):
    for cell in cells_of(notebook, "code"):
        tree = ast.parse(cell.source)
        is_import = [isinstance(node, ast.Import | ast.ImportFrom) for node in tree.body]
        assert is_import == sorted(is_import, reverse=True), cell.id
        bound = {
            (alias.asname or alias.name).split(".")[0]
            for node in tree.body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert bound <= used, f"{cell.id} imports {bound - used} before it serves"


def test_prose_and_code_are_in_proportion(notebook):
    middle = [cell for cell in notebook.cells[1:-1] if cell.cell_type == "markdown"]
    words = {cell.id: count_words(cell.source) for cell in middle}
    assert {name: n for name, n in words.items() if n > MAX_WORDS_IN_A_CELL} == {}
    low, high = WORDS_PER_CODE_CELL
    assert low <= sum(words.values()) / len(cells_of(notebook, "code")) <= high


def test_no_two_code_cells_stand_together(notebook):
    kinds = [cell.cell_type for cell in notebook.cells]
    assert ("code", "code") not in set(pairwise(kinds))


def test_the_first_cell_says_what_awaits_and_the_last_what_was_gained(notebook):
    first, last = notebook.cells[0], notebook.cells[-1]
    assert first.cell_type == last.cell_type == "markdown"
    assert first.source.startswith("# ")
    for part in ("you can", "minutes", "You should know"):
        assert part in first.source, part
    assert last.source.startswith("## You can now")
    for part in ("**Sources.**", "**Next:**"):
        assert part in last.source, part
    goals, gains = (len(re.findall(r"^- ", cell.source, re.MULTILINE)) for cell in (first, last))
    assert 3 <= goals <= 5
    assert goals == gains


def test_headings_form_an_outline(notebook):
    text = "\n".join(cell.source for cell in cells_of(notebook, "markdown"))
    levels = [len(marks) for marks in re.findall(r"^(#+) ", text, re.MULTILINE)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(deeper <= level + 1 for level, deeper in pairwise(levels))


def test_predictions_are_asked_for_right_before_the_code(notebook):
    asking = [i for i, cell in enumerate(notebook.cells) if "\n**Predict.**" in cell.source]
    assert len(asking) >= 5
    for i in asking:
        assert notebook.cells[i + 1].cell_type == "code", notebook.cells[i].id


# --- Run as delivered ---------------------------------------------------------------------------


def run(path: Path) -> NotebookNode:
    """Run a notebook where it lies, as `Run All Cells` would; an error in a cell is raised."""
    notebook = read(path)
    resources = {"metadata": {"path": str(path.parent)}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))  # the library of this tree, installed or not
        NotebookClient(notebook, timeout=CELL_TIMEOUT, resources=resources).execute()
    return notebook


def printed(cell: NotebookNode) -> str:
    return "".join(o.text for o in cell.outputs if o.get("name") == "stdout")


def printed_by(notebook: NotebookNode) -> dict[str, str]:
    return {cell.id: printed(cell) for cell in cells_of(notebook, "code")}


def has_figure(cell: NotebookNode) -> bool:
    return any("image/png" in output.get("data", {}) for output in cell.get("outputs", []))


@pytest.fixture(scope="module")
def delivered(tmp_path_factory) -> Path:
    """A copy of the notebooks, so that checkpoints land outside the tree, and none are found."""
    folder = tmp_path_factory.mktemp("delivered") / "notebooks"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("checkpoints", ".*"))
    return folder / "01_autoencoder.ipynb"


@pytest.fixture(scope="module")
def finished(delivered) -> NotebookNode:
    return run(delivered)


@pytest.fixture(scope="module")
def numbers(finished) -> Callable[[str, str], list[float]]:
    """Return a reader of the numbers that a cell printed on the line starting with a label."""
    texts = printed_by(finished)

    def read_numbers(cell_id: str, label: str) -> list[float]:
        (line,) = [line for line in texts[cell_id].splitlines() if line.startswith(label)]
        return [float(number) for number in re.findall(r"-?\d+\.?\d*", line.removeprefix(label))]

    return read_numbers


def test_it_runs_to_the_end_without_an_error_or_a_warning(finished):
    for cell in cells_of(finished, "code"):
        assert cell.execution_count, f"{cell.id} did not run"
        for output in cell.outputs:
            assert output.output_type != "error", cell.id
            assert "Warning" not in output.get("text", ""), cell.id


def test_every_figure_is_read_aloud_in_the_next_cell(finished):
    followed = list(pairwise(finished.cells))
    figures = [(cell, after) for cell, after in followed if has_figure(cell)]
    assert len(figures) >= 8
    for cell, after in figures:
        assert after.cell_type == "markdown", cell.id
        paragraph = after.source.split("\n\n")[0]
        assert not paragraph.startswith(("#", "**Predict")), cell.id
        assert count_words(paragraph) >= WORDS_AFTER_A_FIGURE, cell.id


def test_the_denoiser_restores_what_the_copier_leaves_damaged(numbers):
    nothing, copier, denoiser = (
        numbers("error-table", name) for name in ("doing nothing", "the copier", "the denoiser")
    )
    assert nothing == pytest.approx([0.0341, 0], abs=2e-4)  # the noise alone: no training in it
    assert denoiser[0] < nothing[0] / 4  # as the text says
    assert denoiser[0] < copier[0] < nothing[0]
    (truth,) = numbers("error-table", "true darkness of the hidden ink:")
    assert copier[1] < 0.3 * truth
    assert 0.75 * truth < denoiser[1] < truth


def test_the_denoiser_pays_for_it_on_whole_digits(numbers):
    (copier,) = numbers("clean-table", "the copier ")
    (whole,) = numbers("clean-table", "the denoiser  ")
    faint = numbers("clean-table", "the denoiser, on faint digits")[0]
    assert copier < faint < whole
    assert whole > numbers("error-table", "the denoiser")[0]


def test_the_scale_of_costs_is_that_of_the_text(numbers):
    # Facts about MNIST, whatever is trained.
    assert numbers("bounds", "always the mean image:") == pytest.approx([205.8], abs=0.1)
    assert numbers("bounds", "perfect reconstruction:") == pytest.approx([45.5], abs=0.1)


def test_noise_makes_the_filters_smooth(numbers):
    untrained, copier, denoiser = (
        numbers("smooth-table", name) for name in ("untrained", "0 % corruption", "30 % corruption")
    )
    assert untrained == pytest.approx([0, 0.5, 0, 1], abs=0.01)
    assert denoiser[0] > copier[0] + 0.1
    assert copier[2] < 20
    assert denoiser[2] > 60
    assert denoiser[3] < copier[3] < 0.9  # both moved on from the start, the denoiser further


def test_every_unit_prefers_its_filter(numbers):
    assert numbers("strongest-real", "units that prefer their filter:") == [500, 500]


def test_run_again_it_goes_on_from_its_checkpoints(delivered, finished):
    checkpoints = delivered.parent / "checkpoints"
    before = {path: path.stat().st_mtime_ns for path in checkpoints.iterdir()}
    assert len(before) == 3
    again = run(delivered)
    assert {path: path.stat().st_mtime_ns for path in checkpoints.iterdir()} == before
    assert printed_by(again) == printed_by(finished)


def test_a_changed_setting_trains_anew_beside_the_old_checkpoints(delivered, finished):
    notebook = read(delivered)
    (cell,) = [c for c in cells_of(notebook, "code") if re.search(r"^N_EPOCHS = ", c.source, re.M)]
    cell.source = re.sub(r"^N_EPOCHS = \d+", "N_EPOCHS = 1", cell.source, flags=re.M)
    changed = delivered.with_name("changed.ipynb")
    nbformat.write(notebook, changed)
    assert printed_by(run(changed))["error-table"] != printed_by(finished)["error-table"]
    assert len(list((delivered.parent / "checkpoints").iterdir())) == 6
