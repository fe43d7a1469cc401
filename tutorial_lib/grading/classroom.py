"""A class whose submissions are graded into a folder: marks, pages, and a journal to go on from."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from tutorial_lib.grading import class_page, executors, feedback, marks
from tutorial_lib.grading.coordinator import Coordinator
from tutorial_lib.grading.files import write_atomically
from tutorial_lib.grading.journal import Journal
from tutorial_lib.grading.provenance import key_of, versions
from tutorial_lib.grading.results import UNSAFE, ExerciseResult, StudentResult, Verdict
from tutorial_lib.grading.roster import read_roster
from tutorial_lib.grading.sandbox import Limits, level
from tutorial_lib.grading.submissions import Submission, find, safe_name

MIN_SECRET = 16  # bytes

Catalogue = Sequence[Mapping[str, Any]]


class GradeError(Exception):
    """Grading cannot begin; the message says why and what to do."""


class Classroom:
    """Submissions, and the folder that everything about them goes to.

    Parameters
    ----------
    submissions : Path
        Folder or zip file.
    folder : Path
        Of marks and pages; made if missing.
    roster, secret_file : Path, optional
    limits : Limits
    has_sandbox : bool

    Raises
    ------
    SandboxUnavailable, SubmissionsError, RosterError, GradeError
        Before anything is run.
    """

    def __init__(
        self,
        submissions: Path,
        folder: Path,
        *,
        roster: Path | None = None,
        secret_file: Path | None = None,
        limits: Limits | None = None,
        has_sandbox: bool = True,
    ) -> None:
        self._limits = limits or Limits()
        self._sandbox = level() if has_sandbox else UNSAFE
        self._roster = read_roster(roster) if roster else None
        self._found = find(submissions, self._roster)
        self._submissions = {one.student: one for one in self._found.submissions}
        self._folder = folder
        _make(folder / "feedback")
        self._secret = _secret(secret_file or folder / "secret.key", may_be_made=not secret_file)
        self._remarks: dict[str, list[str]] = {student: [] for student in self._submissions}
        self._general: list[str] = []
        for remark in self._found.remarks:
            self._remarks.get(remark.student, self._general).append(remark.text)

    def grade(self, *, jobs: int = 1, scheduler: str | None = None) -> int:
        """Judge everybody who is not judged yet, and write everything.

        Parameters
        ----------
        jobs : int
            Submissions to judge at once.
        scheduler : str, optional
            Address of a Dask cluster; then its workers judge, each of them ``jobs`` is ignored.

        Returns
        -------
        int
            1 if somebody has to look at a result, else 0.
        """
        keys = {student: self._key(student) for student in self._submissions}
        with Journal.open(self._folder / "journal.jsonl", keys) as journal:
            results = journal.read()
            start, n_jobs = executors.choose(jobs, scheduler)
            with Coordinator(start, n_jobs) as coordinator:
                catalogue = coordinator.prepare()
                for result in self._judged(coordinator, results, catalogue):
                    results[result.student] = result
                    if all(one.verdict is not Verdict.INTERNAL for one in result.exercises):
                        journal.append(result)
        self._write(results, catalogue)
        return self._summary(results.values())

    def _judged(
        self, coordinator: Coordinator, known: Mapping[str, StudentResult], catalogue: Catalogue
    ) -> Iterator[StudentResult]:
        rest = [student for student in self._submissions if student not in known]
        with tqdm(total=len(self._submissions), initial=len(known), unit="student") as bar:
            for student, outcome in coordinator.judge(rest, self._job):
                bar.update()
                if isinstance(outcome, Exception):
                    yield self._not_judged(student, outcome, catalogue)
                else:
                    yield StudentResult.from_plain(outcome)

    def _not_judged(self, student: str, error: Exception, catalogue: Catalogue) -> StudentResult:
        """Return a result that says that it is our fault: nobody gets a zero for that."""
        exercises = [
            ExerciseResult(
                exercise=entry["exercise"],
                name=entry["name"],
                verdict=Verdict.INTERNAL,
                points=0,
                out_of=entry["points"],
                message="Something went wrong on our side. Somebody will look at it.",
            )
            for entry in catalogue
        ]
        remark = f"could not be judged: {type(error).__name__}: {error}"
        return StudentResult(
            student=student,
            key=self._key(student),
            exercises=tuple(exercises),
            remarks=(*self._remarks[student], remark[:500]),
            for_a_human=True,
            versions=dict(versions()),
            sandbox=self._sandbox,
            limits=asdict(self._limits),
        )

    def explain(self, student: str, exercise: str) -> str:
        """Return the secret cases of a student in full, and what the answers made of them.

        Parameters
        ----------
        student : str
        exercise : str
            Such as ``"1.6"``; or "" for all that are not right.
        """
        if student not in self._submissions:
            near = ", ".join(list(self._submissions)[:5])
            raise GradeError(f"Nobody called {student!r} handed in anything; {near}, … did.")
        # Loads PyTorch, which nothing else in this process does.
        from tutorial_lib.grading.explanation import NothingToExplain, explain

        try:
            return explain(self._job(student), exercise)
        except NothingToExplain as error:
            raise GradeError(str(error)) from None

    def _files(self, submission: Submission) -> tuple[list[tuple[str, bytes]], list[str]]:
        """Return what can be read of a submission, and why the rest cannot."""
        loaded = [(file.name, *file.loaded()) for file in submission.files]
        files = [(name, data) for name, data, problem in loaded if not problem]
        return files, [f"{name} {problem}" for name, _, problem in loaded if problem]

    def _job(self, student: str) -> dict[str, Any]:
        files, problems = self._files(self._submissions[student])
        remarks = [*dict.fromkeys([*self._remarks[student], *problems])]
        settings = {
            "limits": asdict(self._limits),
            "sandbox": self._sandbox,
            "remarks": remarks,
        }
        return {
            "student": student,
            "files": files,
            "secret": self._secret,
            "key": key_of(student, files, self._secret, **settings),
            "versions": dict(versions()),
            **settings,
        }

    def _key(self, student: str) -> str:
        key: str = self._job(student)["key"]
        return key

    def _write(self, results: Mapping[str, StudentResult], catalogue: Catalogue) -> None:
        rows = []
        if self._roster is not None:
            rows = [{**row, "student": name} for name, row in self._roster.rows.items()]
        pages = {student: f"{safe_name(student)}.html" for student in results}
        for student, result in results.items():
            feedback.write(self._folder / "feedback", result, catalogue, file_name=pages[student])
        marks.write(self._folder, results.values(), catalogue, rows)
        class_page.write(
            self._folder,
            results.values(),
            catalogue,
            roster=rows,
            remarks=self._general,
            pages=pages,
        )

    def _summary(self, results: Iterator[StudentResult] | Any) -> int:
        results = list(results)
        open_ones = [one.student for one in results if one.for_a_human]
        print(f"{len(results)} graded: {self._folder / 'marks.csv'}, {self._folder / 'class.html'}")
        if self._sandbox == UNSAFE:
            print("WITHOUT A SANDBOX: these marks can be forged, and every row and page says so.")
        if open_ones or self._general:
            print(f"{len(open_ones)} for a human to look at: see class.html.")
        return 1 if open_ones else 0


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GradeError(
            f"{folder} cannot be made ({error.strerror}); give --out another folder."
        ) from None


def _secret(path: Path, *, may_be_made: bool) -> bytes:
    """Return the course's secret; one of our own is made once, for the owner's eyes alone."""
    try:
        secret = path.read_bytes().strip()
    except FileNotFoundError:
        if not may_be_made:
            raise GradeError(
                f"{path} is not there; it should hold {MIN_SECRET} bytes or more that nobody "
                "knows. Leave --secret-file out, and one is made."
            ) from None
        secret = secrets.token_hex(32).encode()
        write_atomically(path, secret + b"\n", mode=0o600)
    except OSError as error:
        raise GradeError(f"{path} cannot be read ({error.strerror}).") from None
    if len(secret) < MIN_SECRET:
        raise GradeError(
            f"{path} holds {len(secret)} bytes; a secret has {MIN_SECRET} or more that nobody "
            "can guess."
        )
    return secret
