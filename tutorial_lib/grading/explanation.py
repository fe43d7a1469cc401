"""One student's secret cases in full, for the teacher: what went in, what came, what was right."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from tutorial_lib.exercises.accuracy import AccuracyExercise
from tutorial_lib.exercises.exercise import Exercise
from tutorial_lib.exercises.question import Question
from tutorial_lib.exercises.task import Task
from tutorial_lib.grading import box_contents
from tutorial_lib.grading.judge import Grading
from tutorial_lib.grading.results import ExerciseResult, Verdict
from tutorial_lib.grading.ruling import asked
from tutorial_lib.grading.session import Session


class NothingToExplain(Exception):
    """There is no such exercise, or nothing is wrong; the message says so."""


def explain(job: Mapping[str, Any], exercise: str) -> str:
    """Judge a student's answers once more, and return everything about them.

    Parameters
    ----------
    job : mapping
        As for `judge.grade`.
    exercise : str
        Such as ``"1.6"``; or "" for all that were answered and are not right.
    """
    torch.set_num_threads(1)
    torch.set_printoptions(precision=9, threshold=100_000, linewidth=100)
    with TemporaryDirectory() as folder:
        grading = Grading(job, box_contents.fill(Path(folder)))
        known = [task.id for tasks in grading.tasks.values() for task in tasks]
        if exercise and exercise.casefold() not in (one.casefold() for one in known):
            raise NothingToExplain(
                f"There is no exercise {exercise!r}; there are {known[0]} to {known[-1]}."
            )
        results = {one.exercise: one for one in grading.result().exercises}
        passed_over = (Verdict.PASS, Verdict.NOT_ATTEMPTED)
        chosen = [
            task
            for tasks in grading.tasks.values()
            for task in tasks
            if task.id.casefold() == exercise.casefold()
            or (not exercise and results[task.id].verdict not in passed_over)
        ]
        if not chosen:
            raise NothingToExplain(f"{job['student']}: nothing that was answered is wrong.")
        with grading.session() as session:
            texts = [
                _text(grading, session, [*tasks], results)
                for _, tasks in groupby(chosen, lambda task: _alike(results[task.id]))
            ]
    return "\n\n".join([f"{job['student']}, {job['sandbox']}", *texts])


def _alike(result: ExerciseResult) -> str:
    """Return what neighbours are told of together by: the reason why nothing was judged."""
    return result.message if result.verdict is Verdict.INVALID else result.exercise


def _text(
    grading: Grading, session: Session, tasks: list[Task], results: Mapping[str, ExerciseResult]
) -> str:
    task, result = tasks[0], results[tasks[0].id]
    if len(tasks) > 1:
        return f"{', '.join(task.id for task in tasks)}: {result.verdict}\n{result.message}"
    head = f"{task.id} {task.name}: {result.verdict}, seed {grading.seed(task)}"
    return "\n".join([head, result.message, *_told(grading, session, task)])


def _told(grading: Grading, session: Session, task: Task) -> Iterator[str]:
    pieces, given = grading.passing(task)
    for piece in pieces:
        yield f"\n--- {piece.place}, line {piece.first_line}\n{piece.text}"
    if given:
        yield f"\n--- and the library's {', '.join(given)}"
    if isinstance(task, Question):
        yield f"\nright: {task.reference!r}"
    elif isinstance(task, Exercise) and pieces:
        answer = asked(session, task, pieces, given)
        told = [*_cases(task, answer, grading.seed(task))]
        if isinstance(task, AccuracyExercise) and answer.ended is None:
            told.append(f"\n{task.judge_safely(answer, seed=grading.seed(task)).message}")
        if answer.ended is not None:
            yield f"\nThe answer was ended: {answer.ended}.{_limit(grading, task, answer.ended)}"
        yield from told


def _limit(grading: Grading, task: Exercise, ended: Verdict) -> str:
    if ended is Verdict.TIMEOUT:
        return f" It had {grading.limits.seconds * task.patience:g} s for all cases together."
    return f" It had {grading.limits.memory_mb} MiB." if ended is Verdict.MEMORY else ""


def _cases(task: Exercise, answer: Any, seed: int) -> Iterator[str]:
    trial = task.trial(seed)
    right, given = trial.run_all(task.reference), trial.run_all(answer)
    problems = trial.problems(given)
    for name, case in trial.cases.items():
        told = problems[name].text if name in problems else "right"
        yield f"\n=== {name}: {told}"
        for key, value in case.items():
            yield f"{key} = {_shown(value)}"
        yield from (f"right: {key} = {_shown(value)}" for key, value in right[name].parts.items())
        yield from (f"given: {key} = {_shown(value)}" for key, value in given[name].parts.items())
        if given[name].error is not None:
            yield f"given: {type(given[name].error).__name__}: {given[name].error}"


def _shown(value: Any) -> str:
    if isinstance(value, torch.Generator):
        return f"a generator with the seed {value.initial_seed()}"
    if isinstance(value, Tensor):
        value = value.detach()
        summary = f"tensor {tuple(value.shape)} {value.dtype}, sum {value.double().sum():.9g}"
        return f"{value}" if value.numel() <= 400 else summary
    return repr(value)
