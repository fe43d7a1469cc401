"""How far the learner has come, as a table."""

from html import escape

from tutorial_lib.exercises import all_exercises, record
from tutorial_lib.exercises.outcome import SIGNS, WORDS, Status
from tutorial_lib.exercises.task import Task


class Progress:
    """All exercises with a mark each; shows itself as text or HTML."""

    def __init__(self) -> None:
        self.entries = record.load()
        self.tasks = all_exercises()

    def status(self, task: Task) -> Status:
        """Return the best verdict so far on a task: once correct, it stays so."""
        noted = self.entries.get(task.name, {}).get("status")
        return next((status for status in Status if status == noted), Status.NOT_ATTEMPTED)

    @property
    def summary(self) -> str:
        """How many are done."""
        done = sum(self.status(task) is Status.CORRECT for task in self.tasks)
        return f"{done} of {len(self.tasks)} done"

    def _rows(self) -> list[tuple[str, str, str, str]]:
        statuses = [(task, self.status(task)) for task in self.tasks]
        return [(SIGNS[s], task.id, task.title, WORDS[s]) for task, s in statuses]

    def __repr__(self) -> str:
        lines = [f"{sign} {id:4} {title} ({word})" for sign, id, title, word in self._rows()]
        return "\n".join([*lines, self.summary])

    def _repr_html_(self) -> str:
        rows = "".join(
            "<tr>" + "".join(f"<td style='text-align: left'>{escape(cell)}</td>" for cell in row)
            for row in self._rows()
        )
        return f"<table>{rows}</table><p>{escape(self.summary)}</p>"
