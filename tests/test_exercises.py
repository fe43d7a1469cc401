"""Every exercise and question of the notebooks: what is declared, and what its check says.

What is asked of all of them stands here, once. The references are compared with independent
oracles in test_exercise_*.py, and the machinery is tested with exercises made up for it.
"""

import ast
import html
import importlib
import inspect
import json
import re
import warnings
from collections import Counter
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch
from exercise_helpers import Liar, hostile_answers, made_from, reusing_memory, stub_of
from torch import Tensor

from tutorial_lib.exercises import MODULES, all_exercises, progress, record, tasks_of
from tutorial_lib.exercises.accuracy import AccuracyExercise
from tutorial_lib.exercises.core import PUBLIC_SEED, Exercise, Task
from tutorial_lib.exercises.outcome import Outcome, Status
from tutorial_lib.exercises.question import Question
from tutorial_lib.exercises.running import call, run
from tutorial_lib.mnist import Split

TASKS = all_exercises()
EXERCISES = [task for task in TASKS if isinstance(task, Exercise)]
QUESTIONS = [task for task in TASKS if isinstance(task, Question)]


def train_digit_classifier(images, labels, generator):
    """Return a function that gives each image the label of the nearest one that was seen."""
    return lambda new_images: labels[torch.cdist(new_images, images).argmin(1)]


@cache
def light(task: Task) -> Task:
    """Return an exercise that takes no time: what learns to read gets few and easy digits.

    Ten pictures of 20 pixels, with some pixels missing, and a reference that need not train.
    """
    if not isinstance(task, AccuracyExercise):
        return task
    generator = torch.Generator().manual_seed(0)
    pictures = (torch.rand(10, 20, generator=generator) < 0.4).float()
    labels = torch.arange(200) % 10
    images = pictures[labels] * (torch.rand(200, 20, generator=generator) < 0.9)
    return replace(
        task,
        reference=train_digit_classifier,
        digits=lambda: Split(images, labels),
        n_train=120,
        n_unseen=60,
    )


LIGHT = [light(exercise) for exercise in EXERCISES]
# The number of a notebook is the number before the point in the ids of its exercises.
NUMBER_OF = {name: str(k) for k, name in enumerate(MODULES, start=1)}

SIGNATURES = {
    "1.1": "encode(x, weight, bias)",
    "1.2": "decode(code, weight, bias)",
    "1.3": "squared_error(x, reconstruction)",
    "1.4": "cross_entropy(x, logits)",
    "1.5": "kl_sparsity(code, sparsity_target)",
    "1.6": "sparse_autoencoder_loss_and_gradients(x, w1, b1, w2, b2, weight_decay, "
    "sparsity_target, sparsity_weight)",
    "1.7": "numerical_gradient(loss, theta, epsilon=0.0001)",
    "1.8": "corrupt(x, corruption_level, generator)",
    "1.9": "strongest_inputs(weight)",
    "2.1": "encode_stack(x, encoders)",
    "2.2": "decode_stack(code, decoders)",
    "2.3": "denoising_gradients(x, corrupted, weight, bias, visible_bias)",
    "2.4": "pretrain_greedily(x, hidden_sizes, train_layer)",
    "2.5": "combine_filters(w1, w2)",
    "3.1": "softmax(logits)",
    "3.2": "softmax_loss_and_gradient(features, labels, weight, weight_decay)",
    "3.3": "stacked_loss_and_gradients(x, labels, encoders, softmax_weight, weight_decay)",
    "3.4": "predict(x, encoders, softmax_weight)",
    "3.5": "early_stopping(validation_errors, patience, patience_increase, improvement_threshold)",
    "3.6": "classifier_from(stack)",
    "4.5": "train_digit_classifier(images, labels, generator)",
}
WITH_GRADIENTS = ("1.6", "2.3", "3.2", "3.3")
# Judging these means training, so fewer sets of cases have to do.
SEEDS = {"4.2": (PUBLIC_SEED, 1), "4.4": (PUBLIC_SEED, 1), "4.5": (PUBLIC_SEED,)}

each_task = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda task: task.name)
each_light_exercise = pytest.mark.parametrize("exercise", LIGHT, ids=lambda task: task.name)
each_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda task: task.name)
each_known_bug = pytest.mark.parametrize(
    ("task", "bug"),
    [
        pytest.param(task, bug, id=f"{task.name}-{bug.name}")
        for task in TASKS
        for bug in task.known_bugs
    ],
)


def seeds_of(exercise: Exercise) -> tuple[int, ...]:
    return SEEDS.get(exercise.id, (PUBLIC_SEED, 1, 2))


def other_answers(exercise: Exercise) -> list[Any]:
    (module,) = [name for name in MODULES if NUMBER_OF[name] == exercise.id[0]]
    return importlib.import_module(f"other_answers.{module}").OTHER[exercise.name]


def said_by(outcome: Outcome) -> str:
    """The words of an outcome's HTML, without the picture, which takes long to draw."""
    text = replace(outcome, picture=None)._repr_html_()
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def assert_refused(task: Task, outcome: Outcome) -> None:
    """Not accepted, and said so in sentences that belong to the exercise."""
    assert outcome.status in (Status.INCORRECT, Status.ERROR), outcome
    assert outcome.points < outcome.out_of
    assert len(outcome.message.split()) >= 5
    assert task.id in outcome.headline
    assert task.name in outcome.headline
    assert "in the check itself" not in outcome.message, "judge() itself broke down"
    assert not re.search(r"Traceback|object at 0x|tensor\(", outcome.message)
    assert said_by(outcome) == " ".join(repr(outcome).split())


# --- What is declared ---------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "signature"), SIGNATURES.items())
def test_the_promised_exercises_are_there(number, signature):
    assert {task.id: f"{task.name}{inspect.signature(task.reference)}" for task in EXERCISES}[
        number
    ] == signature


def test_ids_and_names_are_unique():
    for names in ([task.id for task in TASKS], [task.name for task in TASKS]):
        assert [name for name, n in Counter(names).items() if n > 1] == []


@pytest.mark.parametrize("module", MODULES)
def test_each_notebook_numbers_its_own_exercises_in_order(module):
    tasks = tasks_of(importlib.import_module(f"tutorial_lib.exercises.{module}"))
    ids = [task.id for task in tasks if isinstance(task, Exercise)]
    assert len(ids) >= 5
    assert ids == [f"{NUMBER_OF[module]}.{k}" for k in range(1, len(ids) + 1)]
    assert sum(isinstance(task, Question) for task in tasks) >= 3


def test_questions_are_counted_through_all_notebooks():
    assert len(QUESTIONS) >= 12
    assert [task.id for task in QUESTIONS] == [f"Q{k}" for k in range(1, len(QUESTIONS) + 1)]


@each_task
def test_the_texts_are_sentences(task):
    assert task.points > 0
    assert task.title == task.title.strip() != ""
    assert len(task.hints) >= 2
    texts = [*task.hints, task.notice, *(bug.message for bug in task.known_bugs)]
    if isinstance(task, Exercise):
        texts.append(task.expects)
    assert [text for text in texts if not re.search(r"[.?!)]$", text)] == []
    assert [text for text in texts if text != " ".join(text.split())] == []
    assert len(texts) == len(set(texts))
    names = [bug.name for bug in task.known_bugs]
    assert len(names) == len(set(names))
    assert [name for name in names if not name.strip()] == []


@each_exercise
def test_enough_mistakes_are_known(exercise):
    assert len(exercise.known_bugs) >= (5 if exercise.id in WITH_GRADIENTS else 3)
    assert exercise.gradients or exercise.id not in WITH_GRADIENTS


@each_exercise
def test_a_learner_can_read_the_stub(exercise):
    function = exercise.reference
    stub = made_from(stub_of(function), exercise.name)
    assert inspect.signature(stub) == inspect.signature(function)
    assert inspect.getdoc(stub) == inspect.getdoc(function)
    first = inspect.getdoc(function).splitlines()[0]
    assert first.endswith(".")
    assert first.split()[0] in ("Return", "Make", "Train"), "in the imperative"
    assert function.__annotations__ == {}


@each_question
def test_every_wrong_choice_has_its_reason(question):
    wrong = [bug.answer for bug in question.known_bugs]
    if question.choices:
        assert len(question.choices) >= 3
        assert sorted(wrong) == sorted(set(question.choices) - {question.reference})
        assert question.reference in question.choices
    else:
        assert len(set(wrong)) >= 2


# --- What the check says: exercises -------------------------------------------------------------


@each_light_exercise
def test_the_stub_is_not_attempted(exercise):
    text = stub_of(exercise.reference)
    stub = made_from(text, exercise.name)
    returning = made_from(text.replace("    ...", "    return ..."), exercise.name)
    for untouched in (stub, returning, ...):
        outcome = exercise.check(untouched)
        assert outcome.status is Status.NOT_ATTEMPTED
        assert outcome.known_bug is None
        assert outcome.points == 0
        assert exercise.name in outcome.message


@each_exercise
def test_the_reference_is_correct(exercise):
    for seed in seeds_of(exercise):
        outcome = exercise.judge(exercise.reference, seed=seed)
        assert outcome.status is Status.CORRECT, outcome
        assert outcome.points == outcome.out_of == exercise.points
    assert said_by(outcome) == " ".join(repr(outcome).split())


@each_exercise
def test_right_answers_written_another_way_are_correct(exercise, capsys):
    answers = other_answers(exercise)
    assert len(answers) >= 2
    for answer in answers:
        assert answer is not exercise.reference
        for seed in seeds_of(exercise):
            outcome = exercise.judge(answer, seed=seed)
            assert outcome.status is Status.CORRECT, f"{answer}: {outcome}"
    assert capsys.readouterr().out == "", "what an answer prints belongs into the verdict"


@each_known_bug
def test_every_known_mistake_is_named(task, bug):
    seeds = seeds_of(task) if isinstance(task, Exercise) else (PUBLIC_SEED,)
    for seed in seeds:
        options = {"seed": seed} if isinstance(task, Exercise) else {}
        outcome = task.judge(bug.answer, **options)
        assert outcome.status is Status.INCORRECT, f"seed {seed}: {outcome}"
        assert outcome.known_bug == bug.name, f"seed {seed}: {outcome}"
    assert " ".join(bug.message.split()) in " ".join(outcome.message.split())
    assert_refused(task, outcome)
    if isinstance(task, Exercise):
        assert_no_expected_number(light(task), outcome)


@pytest.mark.parametrize("name", hostile_answers(call))
@each_light_exercise
def test_a_hostile_answer_is_refused_in_a_sentence(exercise, name):
    answer = hostile_answers(exercise.reference)[name]
    outcome = exercise.check(answer)
    assert_refused(exercise, outcome)
    assert_no_expected_number(exercise, outcome)
    assert exercise.judge(exercise.reference).status is Status.CORRECT, "and nothing is spoilt"


def returned_tensors(exercise: Exercise) -> bool:
    case = next(iter(exercise.cases(torch.Generator().manual_seed(0)).values()))
    done = run(exercise.reference, case, exercise.parts, exercise.observe)
    return exercise.observe is call and any(isinstance(p, Tensor) for p in done.parts.values())


@pytest.mark.parametrize(
    "exercise", list(filter(returned_tensors, EXERCISES)), ids=lambda task: task.name
)
def test_memory_that_is_used_again_is_noticed(exercise):
    outcome = exercise.check(reusing_memory(exercise.reference))
    assert_refused(exercise, outcome)
    assert "memory" in outcome.message


@each_light_exercise
def test_the_learners_error_is_shown_as_text_at_the_learners_line(exercise):
    def answer(*arguments):
        raise ValueError("<script>alert('no')</script> & nothing else")

    outcome = exercise.check(answer)
    assert outcome.status is Status.ERROR
    assert "<script>" not in outcome._repr_html_()
    assert "<script>alert('no')</script> & nothing else" in outcome.message
    assert 'raise ValueError("<script>' in outcome.message, "the line that raised it"


@each_light_exercise
def test_warnings_and_prints_do_no_harm(exercise, capsys, recwarn):
    def chatty(*arguments, **options):
        print("a line\n\n    and <b>another</b>")
        warnings.warn("careful", stacklevel=1)
        return exercise.reference(*arguments, **options)

    assert exercise.check(chatty).status is Status.CORRECT
    assert capsys.readouterr().out == ""
    assert len(recwarn) == 0


@each_light_exercise
def test_a_check_draws_none_of_the_learners_random_numbers(exercise):
    def answer(*arguments, **options):
        torch.manual_seed(1)
        torch.rand(5)
        return exercise.reference(*arguments, **options)

    torch.manual_seed(7)
    before = torch.get_rng_state()
    assert exercise.check(answer).status is Status.CORRECT
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("exercise", [e for e in EXERCISES if e.gradients], ids=lambda t: t.name)
def test_a_wrong_gradient_is_shown_part_by_part(exercise):
    outcome = exercise.judge(exercise.known_bugs[0].answer)
    assert len(outcome.rows) >= 2
    assert {row.verdict for row in outcome.rows} <= {"right", "wrong"}
    assert any("relative error" in row.detail for row in outcome.rows)
    (source, words) = re.search(r'<img src="([^"]*)" alt="([^"]*)"', outcome._repr_html_()).groups()
    assert source.startswith("data:image/png;base64,iVBOR")
    for row in outcome.rows:
        assert row.part in outcome.message
        assert row.verdict in outcome.message
        assert f"{row.part} {row.verdict}" in html.unescape(words)


def assert_no_expected_number(exercise: Exercise, outcome: Outcome) -> None:
    """No number of the right result appears, where it has digits enough to be recognised."""
    numbers = {n for n in re.findall(r"\d+\.\d+", outcome.message) if len(n.strip("0.")) >= 4}
    for number in numbers:
        digits = len(number.split(".")[1])
        assert number not in {f"{abs(x):.{digits}f}" for x in expected_numbers(exercise)}


@cache
def expected_numbers(exercise: Exercise) -> list[float]:
    """All numbers of the right results, whole ones apart."""
    runs = [
        run(exercise.reference, case, exercise.parts, exercise.observe)
        for case in exercise.cases(torch.Generator().manual_seed(PUBLIC_SEED)).values()
    ]
    values = [value for done in runs for value in done.parts.values()]
    found = [torch.as_tensor(value) for value in values if isinstance(value, float | Tensor)]
    return torch.cat([value.double().flatten() for value in found]).tolist() if found else []


# --- What the check says: questions -------------------------------------------------------------


@each_question
def test_a_question_is_answered_by_its_reference_alone(question):
    assert question.check(...).status is Status.NOT_ATTEMPTED
    outcome = question.check(question.reference)
    assert outcome.status is Status.CORRECT
    assert outcome.points == outcome.out_of == question.points
    numbers = [-1, 1e99, 10**400, float("nan"), float("inf"), True, torch.ones(3)]
    for value in [*numbers, None, "", "right", [1], {}, Liar(), Liar, print]:
        refused = question.check(value)
        assert_refused(question, refused)
        assert str(question.reference) not in refused.message or question.choices


# --- Hints, solutions, progress -----------------------------------------------------------------


@each_task
def test_the_hints_come_one_by_one(task):
    task._hints_given = 0
    given = [" ".join(str(task.hint()).split()) for _ in range(len(task.hints) + 1)]
    for k, (text, hint) in enumerate(zip(given, task.hints, strict=False), start=1):
        assert text.startswith(f"Hint {k} of {len(task.hints)}: {hint}")
    assert given[-1] == given[0]
    assert ["solution()" in text.removeprefix("Hint") for text in given].index(True) >= 1


@pytest.mark.parametrize("module", MODULES)
def test_the_solutions_run_as_they_are_shown(module):
    """In the order of the notebook, each with what its notebook has imported or set before it."""
    solutions = vars(importlib.import_module(f"tutorial_lib.exercises.solutions.{module}"))
    scope = {
        name: value
        for name, value in solutions.items()
        if getattr(value, "__module__", None) != solutions["__name__"]
    }
    for task in tasks_of(importlib.import_module(f"tutorial_lib.exercises.{module}")):
        text = str(task.solution())
        ast.parse(text)
        exec(text, scope)
        assert light(task).judge(scope[task.name]).status is Status.CORRECT


def test_all_answers_are_kept_and_all_are_done(record_of_this_test):
    for task in map(light, TASKS):
        task.check(task.reference)
    assert repr(progress()).endswith(f"{len(TASKS)} of {len(TASKS)} done")
    entries = json.loads(record_of_this_test.read_text())
    for exercise in LIGHT:
        assert entries[exercise.name]["answer"]
        kept = record.recall(exercise.name)
        assert exercise.judge(kept).status is Status.CORRECT
