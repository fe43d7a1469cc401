"""A class whose submissions are graded into a folder: marks, pages, and a journal to go on from."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from tutorial_lib.grading import executors, reports
from tutorial_lib.grading.coordinator import Coordinator
from tutorial_lib.grading.course_secret import own_secret, read_secret
from tutorial_lib.grading.fault import our_fault
from tutorial_lib.grading.journal import Journal
from tutorial_lib.grading.provenance import key_of, versions
from tutorial_lib.grading.refusal import GradeError as GradeError
from tutorial_lib.grading.results import UNSAFE, StudentResult, Verdict
from tutorial_lib.grading.roster import read_roster
from tutorial_lib.grading.sandbox import Limits, level
from tutorial_lib.grading.submissions import Submission, find
from tutorial_lib.grading.totals import COURSE

Catalogue = Sequence[Mapping[str, Any]]


class Classroom:
    """Submissions, and the folder that everything about them goes to.

    Parameters
    ----------
    submissions : Path
        Folder or zip file.
    folder : Path
        Of marks and pages; `grade` makes it if missing.
    roster, secret_file : Path, optional
    limits : Limits
    has_sandbox : bool

    Raises
    ------
    SandboxUnavailable, SubmissionsError, RosterError, GradeError
        Before anything is run or written.
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
        if submissions.resolve() in (folder.resolve(), *folder.resolve().parents):
            raise GradeError(
                f"{folder} lies in {submissions}, where what is written would be taken for a "
                "submission; give --out another folder."
            )
        found = find(submissions, self._roster)
        self._submissions = {one.student: one for one in found.submissions}
        self._folder = folder
        self._secret = read_secret(secret_file) if secret_file else b""
        self._remarks: dict[str, list[str]] = {student: [] for student in self._submissions}
        self._private: dict[str, list[str]] = {student: [] for student in self._submissions}
        self._general: list[str] = []
        for remark in found.remarks:
            # Who handed in nothing is found by the roster, too, and listed by name there.
            if remark.student not in found.missing:
                texts = self._private if remark.private else self._remarks
                texts.get(remark.student, self._general).append(remark.text)

    def grade(
        self,
        *,
        jobs: int = 1,
        scheduler: str | None = None,
        assignment: str = COURSE,
        notebooks: Sequence[str] = (),
    ) -> int:
        """Judge everybody who is not judged yet, and write everything.

        Parameters
        ----------
        jobs : int
            Submissions to judge at once.
        scheduler : str, optional
            Address of a Dask cluster, whose workers judge instead; `jobs` is ignored then.
        assignment : str
            What Canvas calls it.
        notebooks : sequence of str
            Those that count, by number or name, such as ``"01"``; all if there are none. The
            journal holds the others, too.

        Returns
        -------
        int
            1 if somebody has to look at a result, else 0.

        Raises
        ------
        GradeError, JournalError, ClusterUnavailable
        """
        _make(self._folder)
        self._secret = self._secret or own_secret(self._folder / "secret.key")
        keys = {student: self._key(student) for student in self._submissions}
        with Journal.open(self._folder / "journal.jsonl", keys) as journal:
            results = journal.read()
            with Coordinator(executors.choose(jobs, scheduler)) as coordinator:
                catalogue = coordinator.prepare()
                counted = _counted(catalogue, notebooks)
                for result in self._judged(coordinator, results, catalogue):
                    results[result.student] = result
                    if all(one.verdict is not Verdict.INTERNAL for one in result.exercises):
                        journal.append(result)
            ids = [entry["exercise"] for entry in counted]
            results = {student: result.only(ids) for student, result in results.items()}
            # Before anybody else may write into the folder.
            reports.write(
                self._folder,
                results,
                counted,
                roster=self._roster,
                remarks=self._general,
                assignment=assignment,
            )
        return self._summary(results.values())

    def _judged(
        self, coordinator: Coordinator, known: Mapping[str, StudentResult], catalogue: Catalogue
    ) -> Iterator[StudentResult]:
        rest = [student for student in self._submissions if student not in known]
        with tqdm(total=len(self._submissions), initial=len(known), unit="student") as bar:
            for student, outcome in coordinator.judge(rest, self._job):
                bar.update()
                if isinstance(outcome, Exception):
                    yield our_fault(self._job(student), outcome, catalogue)
                else:
                    yield StudentResult.from_plain(outcome)

    def explain(self, student: str, exercise: str) -> str:
        """Return the secret cases of a student in full, and what the answers made of them.

        Parameters
        ----------
        student : str
        exercise : str
            Such as ``"1.6"``; or "" for all that are not right.

        Raises
        ------
        GradeError
            If there is nothing to explain, or the secret is not there.
        """
        if student not in self._submissions:
            near = ", ".join(map(repr, list(self._submissions)[:5]))
            raise GradeError(
                f"Nobody called {student!r} handed in anything. Names are those of marks.csv, such "
                f"as {near}."
            )
        self._secret = self._secret or read_secret(self._folder / "secret.key")
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
        problems = (f"{name} {problem}" for name, _, problem in loaded if problem)
        return files, [*submission.unread, *problems]

    def _job(self, student: str) -> dict[str, Any]:
        files, unread = self._files(self._submissions[student])
        settings = {
            "limits": asdict(self._limits),
            "sandbox": self._sandbox,
            "remarks": self._remarks[student],
            "private": self._private[student],
            "unread": unread,
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

    def _summary(self, results: Collection[StudentResult]) -> int:
        n_open = sum(one.for_a_human for one in results)
        print(f"{len(results)} graded: {self._folder / 'marks.csv'}, {self._folder / 'class.html'}")
        if self._sandbox == UNSAFE:
            print("WITHOUT A SANDBOX: these marks can be forged, and every row and page says so.")
        strangers = set(self._submissions) - set(self._roster.rows) if self._roster else ()
        if strangers and self._roster:
            print(
                f"Not on the roster (column {self._roster.column!r}): {len(strangers)} of "
                f"{len(results)}, see class.html."
            )
        if n_open:
            print(f"{n_open} without a mark before a human has looked: see class.html.")
        elif self._general:
            print("Some files belong to nobody: see class.html.")
        return 1 if n_open or strangers else 0


def _counted(catalogue: Catalogue, notebooks: Sequence[str]) -> Catalogue:
    """Return the part of the catalogue that is in these notebooks."""
    there = dict.fromkeys(entry["notebook"] for entry in catalogue)
    by_word = {word: name for name in there for word in (name, name.partition("_")[0])}
    for word in notebooks:
        if word not in by_word:
            raise GradeError(
                f"No notebook is called {word!r}; expected some of {', '.join(by_word)}, with "
                "commas between them."
            )
    chosen = {by_word[word] for word in notebooks} or there
    return [entry for entry in catalogue if entry["notebook"] in chosen]


def _make(folder: Path) -> None:
    try:
        (folder / "feedback").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GradeError(
            f"{folder} cannot be made ({error.strerror}); give --out another folder."
        ) from None
