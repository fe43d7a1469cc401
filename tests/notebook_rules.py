"""The rules that a notebook keeps before anybody runs it.

Each rule takes a notebook and returns its complaints: an empty list where all is well. Those about
exercises and questions are in `notebook_tasks`. While a notebook is being written,
``python tests/notebook_rules.py NOTEBOOK…`` prints the complaints of all rules.
"""

import ast
import re
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from notebook_runs import cells_of, read
from notebook_tasks import (
    TASK_HEADING,
    TASK_RULES,
    Complaints,
    is_check,
    is_stub,
    parse,
    tasks_of_notebook,
)

MAX_CODE_LINES = 12
WORDS_PER_CODE_CELL = (40, 100)  # on average, the first, the last and the exercises apart
MAX_WORDS_IN_A_CELL = 140
MIN_PREDICTIONS = 4
NOT_ALLOWED = re.compile(r"^\s*[%!]|sys\.path|\bpip\b|import \*|\.ipynb_checkpoints", re.MULTILINE)


def count_words(markdown: str) -> int:
    """Count the words that are read as prose: formulas, addresses and symbols are not."""
    prose = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|\(https?:[^)]*\)", " ", markdown, flags=re.DOTALL)
    return len(re.findall(r"[^\W\d][\w’'-]*", prose))


# --- All cells ----------------------------------------------------------------------------------


def stored_without_outputs(notebook: NotebookNode) -> Complaints:
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        return [str(error)]
    complaints = []
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        complaints.append("the kernel is not python3")
    for cell in cells_of(notebook, "code"):
        if cell.outputs or cell.execution_count or cell.metadata:
            complaints.append(f"{cell.id} has outputs, a count or metadata")
    return complaints


def cell_ids_are_names(notebook: NotebookNode) -> Complaints:
    ids = [cell.id for cell in notebook.cells]
    # Names, not the random hexadecimal digits that an editor gives a new cell.
    unnamed = [
        name
        for name in ids
        if not re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", name) or re.fullmatch(r"[0-9a-f]{8}", name)
    ]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    return [f"{name} is no name" for name in unnamed] + [f"{name} is there twice" for name in twice]


def code_cells_are_short_and_plain(notebook: NotebookNode) -> Complaints:
    complaints = []
    for cell in cells_of(notebook, "code"):
        n_lines = len(cell.source.splitlines())
        if not 1 <= n_lines <= MAX_CODE_LINES:
            complaints.append(f"{cell.id} has {n_lines} lines")
        if found := NOT_ALLOWED.search(cell.source):
            complaints.append(f"{cell.id} has {found.group()!r}")
        elif parse(cell) is None:
            complaints.append(f"{cell.id} is not Python")
    return complaints


def imports_stand_first_and_serve(notebook: NotebookNode) -> Complaints:
    complaints = []
    for cell in cells_of(notebook, "code"):
        tree = parse(cell) or ast.Module([], [])
        imports = [isinstance(node, ast.Import | ast.ImportFrom) for node in tree.body]
        if imports != sorted(imports, reverse=True):
            complaints.append(f"{cell.id} imports after its first statement")
        bound = {
            (alias.asname or alias.name).split(".")[0]
            for node in tree.body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        if bound - used:
            complaints.append(f"{cell.id} imports {sorted(bound - used)} before it serves")
    return complaints


def no_two_code_cells_stand_together(notebook: NotebookNode) -> Complaints:
    return [
        f"nothing is said between {one.id} and {other.id}"
        for one, other in pairwise(notebook.cells)
        if one.cell_type == other.cell_type == "code"
        if not (is_stub(one) and is_check(other))
    ]


# --- Prose --------------------------------------------------------------------------------------


def prose_and_code_are_in_proportion(notebook: NotebookNode) -> Complaints:
    middle = [cell for cell in notebook.cells[1:-1] if cell.cell_type == "markdown"]
    words = {cell.id: count_words(cell.source) for cell in middle}
    complaints = [f"{k} has {n} words" for k, n in words.items() if n > MAX_WORDS_IN_A_CELL]
    # An exercise is read with the learner's own code: neither its text nor its cells count.
    code = [c for c in cells_of(notebook, "code") if not (is_stub(c) or is_check(c))]
    prose = [words[cell.id] for cell in middle if not TASK_HEADING.search(cell.source)]
    average, (low, high) = sum(prose) / max(len(code), 1), WORDS_PER_CODE_CELL
    if not low <= average <= high:
        complaints.append(f"{average:.0f} words per code cell; {low} to {high} are read well")
    return complaints


def first_and_last_cell_mirror_each_other(notebook: NotebookNode) -> Complaints:
    first, last = notebook.cells[0], notebook.cells[-1]
    if not first.cell_type == last.cell_type == "markdown":
        return ["the first and the last cell are text"]
    wanted = {
        "the first cell": (first.source, ("# ", "you can", "minutes", "You should know")),
        "the last cell": (last.source, ("## You can now", "**Sources.**", "**Next:**")),
    }
    complaints = [
        f"{place} lacks {part!r}"
        for place, (text, parts) in wanted.items()
        for k, part in enumerate(parts)
        if not (text.startswith(part) if k == 0 else part in text)
    ]
    goals, gains = (len(re.findall(r"^- ", cell.source, re.MULTILINE)) for cell in (first, last))
    if goals != gains or not 3 <= goals <= 5:
        complaints.append(f"{goals} goals in the first cell, {gains} gains in the last")
    return complaints


def headings_form_an_outline(notebook: NotebookNode) -> Complaints:
    text = "\n".join(cell.source for cell in cells_of(notebook, "markdown"))
    levels = [len(marks) for marks in re.findall(r"^(#+) ", text, re.MULTILINE)]
    complaints = [] if levels[:1] == [1] and levels.count(1) == 1 else ["one title, at the top"]
    if any(deeper > level + 1 for level, deeper in pairwise(levels)):
        complaints.append(f"a heading leaves out a level: {levels}")
    return complaints


def predictions_are_asked_for_right_before_the_code(notebook: NotebookNode) -> Complaints:
    asking = [k for k, cell in enumerate(notebook.cells) if "\n**Predict.**" in cell.source]
    complaints = [] if len(asking) >= MIN_PREDICTIONS else [f"{len(asking)} predictions"]
    for k in asking:
        cell, after = notebook.cells[k], [*notebook.cells[k + 1 :], None][0]
        if after is None or after.cell_type != "code":
            complaints.append(f"no code follows the prediction in {cell.id}")
        if not cell.source.split("\n\n")[-1].startswith("**Predict.**"):
            complaints.append(f"{cell.id} says more after it has asked")
    return complaints


PLAIN_RULES: tuple[Callable[[NotebookNode], Complaints], ...] = (
    stored_without_outputs,
    cell_ids_are_names,
    code_cells_are_short_and_plain,
    imports_stand_first_and_serve,
    no_two_code_cells_stand_together,
    prose_and_code_are_in_proportion,
    first_and_last_cell_mirror_each_other,
    headings_form_an_outline,
    predictions_are_asked_for_right_before_the_code,
)


def all_complaints(path: Path) -> Complaints:
    notebook, tasks = read(path), tasks_of_notebook(path.stem)
    found = {rule.__name__: rule(notebook) for rule in PLAIN_RULES}
    found |= {rule.__name__: rule(notebook, tasks) for rule in TASK_RULES}
    return [f"{name}: {text}" for name, complaints in found.items() for text in complaints]


if __name__ == "__main__":
    complaints = [f"{name}: {c}" for name in sys.argv[1:] for c in all_complaints(Path(name))]
    sys.exit("\n".join(complaints))
