"""The rules that a notebook keeps before anybody runs it.

Each rule takes a notebook, and those about exercises the notebook's tasks as well, and returns its
complaints: an empty list where all is well. ``python tests/notebook_rules.py NOTEBOOK…`` prints
them while a notebook is being written.
"""

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from notebook_runs import cells_of, read

from tutorial_lib.exercises import MODULES, tasks_of
from tutorial_lib.exercises.core import Exercise, Task

MAX_CODE_LINES = 12
WORDS_PER_CODE_CELL = (40, 100)  # on average, the first, the last and the exercises apart
MAX_WORDS_IN_A_CELL = 140
MIN_PREDICTIONS = 4
NOT_ALLOWED = re.compile(r"^\s*[%!]|sys\.path|\bpip\b|import \*|\.ipynb_checkpoints", re.MULTILINE)
TASK_HEADING = re.compile(r"^### (Exercise|Question) (\S+) — (.+)$", re.MULTILINE)

Complaints = list[str]


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


def parse(cell: NotebookNode) -> ast.Module | None:
    try:
        return ast.parse(cell.source)
    except SyntaxError:
        return None


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


# --- Exercises and questions --------------------------------------------------------------------


def is_stub(cell: NotebookNode) -> bool:
    """Tell whether a code cell is one function whose body is a docstring and ``...``."""
    body = getattr(parse(cell), "body", []) if cell.cell_type == "code" else []
    return len(body) == 1 and isinstance(body[0], ast.FunctionDef) and is_empty(body[0])


def is_empty(function: ast.FunctionDef) -> bool:
    return (
        ast.get_docstring(function) is not None
        and len(function.body) == 2
        and ast.unparse(function.body[1]) == "..."
    )


def is_check(cell: NotebookNode) -> bool:
    """Tell whether a code cell ends in a call of some exercise's check."""
    body = getattr(parse(cell), "body", []) if cell.cell_type == "code" else []
    return bool(body) and bool(re.match(r"\w+\.\w+\.check\(", ast.unparse(body[-1])))


@dataclass
class Section:
    """A heading of an exercise or a question, and the code cells before the next heading."""

    kind: str
    id: str
    title: str
    cells: list[NotebookNode]


def sections(notebook: NotebookNode) -> list[Section]:
    found: list[Section] = []
    inside = False
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if inside:
                found[-1].cells.append(cell)
        elif headings := TASK_HEADING.findall(cell.source):
            found += [Section(kind, number, title.strip(), []) for kind, number, title in headings]
            inside = True
        elif re.search(r"^#+ ", cell.source, re.MULTILINE):
            inside = False
    return found


def every_task_has_its_heading(notebook: NotebookNode, tasks: Sequence[Task]) -> Complaints:
    """Headings of exercises and questions are those that are declared, in order."""
    given = [(s.kind, s.id, s.title) for s in sections(notebook)]
    wanted = [
        ("Exercise" if isinstance(task, Exercise) else "Question", task.id, task.title)
        for task in tasks
    ]
    complaints = [f"no heading '### {k} {n} — {t}'" for k, n, t in wanted if (k, n, t) not in given]
    complaints += [f"unknown '### {k} {n} — {t}'" for k, n, t in given if (k, n, t) not in wanted]
    if not complaints and given != wanted:
        complaints.append("the headings of exercises and questions are in another order")
    return complaints


def every_task_has_its_cells(notebook: NotebookNode, tasks: Sequence[Task]) -> Complaints:
    """A stub like the reference, then its check; of a question, the assignment and its check."""
    by_id = {section.id: section for section in sections(notebook)}
    pairs = [(task, by_id[task.id].cells) for task in tasks if task.id in by_id]
    return [
        f"{task.id}: {complaint}"
        for task, cells in pairs
        for complaint in (
            exercise_cells(task, cells)
            if isinstance(task, Exercise)
            else question_cells(task, cells)
        )
    ]


def exercise_cells(exercise: Exercise, cells: Sequence[NotebookNode]) -> Iterator[str]:
    stubs = [k for k, cell in enumerate(cells) if is_stub(cell)]
    if len(stubs) != 1:
        yield f"{len(stubs)} cells hold a function with nothing but a docstring and ..."
        return
    yield from stub_differences(cells[stubs[0]], exercise.reference)
    checks = cells[stubs[0] + 1 : stubs[0] + 2]
    if not checks or without_imports(checks[0]) != [f"ex.{exercise.name}.check({exercise.name})"]:
        yield f"the cell after the stub is not ex.{exercise.name}.check({exercise.name})"


def stub_differences(cell: NotebookNode, reference: Callable[..., object]) -> Iterator[str]:
    (stub,) = ast.parse(cell.source).body
    (wanted,) = ast.parse(inspect.getsource(reference)).body
    assert isinstance(stub, ast.FunctionDef)
    assert isinstance(wanted, ast.FunctionDef)
    if stub.name != wanted.name or ast.unparse(stub.args) != ast.unparse(wanted.args):
        yield f"the stub is not {wanted.name}({ast.unparse(wanted.args)})"
    if ast.get_docstring(stub) != ast.get_docstring(wanted):
        yield "the stub's docstring is not the reference's"


def question_cells(task: Task, cells: Sequence[NotebookNode]) -> Iterator[str]:
    wanted = [f"{task.name} = ...", f"ex.{task.name}.check({task.name})"]
    if not cells or without_imports(cells[0]) != wanted:
        yield f"its cell is not the two lines {wanted}"


def without_imports(cell: NotebookNode) -> list[str]:
    """The statements of a cell, the import of this notebook's exercises as ``ex`` apart."""
    lines = [ast.unparse(node) for node in getattr(parse(cell), "body", [])]
    return [line for line in lines if not is_import_of_exercises(line)]


def is_import_of_exercises(line: str) -> bool:
    return bool(re.fullmatch(r"from tutorial_lib\.exercises import \w+ as ex", line))


def every_check_belongs_to_a_task(notebook: NotebookNode, tasks: Sequence[Task]) -> Complaints:
    """No stub or check stands anywhere else, so that none is overlooked."""
    n_exercises = sum(isinstance(task, Exercise) for task in tasks)
    n_stubs = sum(map(is_stub, notebook.cells))
    n_checks = sum(map(is_check, notebook.cells))
    complaints = []
    if n_stubs != n_exercises:
        complaints.append(f"{n_stubs} stubs for {n_exercises} exercises")
    if n_checks != len(tasks):
        complaints.append(f"{n_checks} checks for {len(tasks)} exercises and questions")
    return complaints


def exercises_come_from_one_module(notebook: NotebookNode, tasks: Sequence[Task]) -> Complaints:
    """``ex`` is imported once, in the first check cell."""
    importing = [
        cell.id
        for cell in cells_of(notebook, "code")
        for node in getattr(parse(cell), "body", [])
        if is_import_of_exercises(ast.unparse(node))
    ]
    first = [cell.id for cell in notebook.cells if is_check(cell)][:1]
    return [] if importing == first else [f"ex is imported in {importing}, not once in {first}"]


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
TASK_RULES: tuple[Callable[[NotebookNode, Sequence[Task]], Complaints], ...] = (
    every_task_has_its_heading,
    every_task_has_its_cells,
    every_check_belongs_to_a_task,
    exercises_come_from_one_module,
)


def tasks_of_notebook(name: str) -> list[Task]:
    """Return the tasks of a notebook such as "02_stacking"."""
    module = name.partition("_")[2]
    assert module in MODULES, f"{name} is none of the four notebooks"
    return tasks_of(import_module(f"tutorial_lib.exercises.{module}"))


def all_complaints(path: Path) -> Complaints:
    notebook, tasks = read(path), tasks_of_notebook(path.stem)
    found = {rule.__name__: rule(notebook) for rule in PLAIN_RULES}
    found |= {rule.__name__: rule(notebook, tasks) for rule in TASK_RULES}
    return [f"{name}: {text}" for name, complaints in found.items() for text in complaints]


if __name__ == "__main__":
    complaints = [f"{name}: {c}" for name in sys.argv[1:] for c in all_complaints(Path(name))]
    sys.exit("\n".join(complaints))
