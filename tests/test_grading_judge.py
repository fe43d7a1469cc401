"""The verdicts: known bugs fail, right answers pass, and nothing secret is told."""

import importlib
import inspect
import json
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import nbformat
import pytest
import torch
from attacked import SECRET, job_of_files
from exercise_helpers import stub_of
from grading_class import wait_until
from grading_helpers import ruling_on
from sandboxes import needs_sandbox
from test_exercises import EXERCISES, QUESTIONS, light, other_answers

from tutorial_lib.exercises import all_exercises
from tutorial_lib.exercises.accuracy import AccuracyExercise
from tutorial_lib.exercises.autoencoder import encode
from tutorial_lib.exercises.core import Exercise
from tutorial_lib.exercises.outcome import Status
from tutorial_lib.grading import box_contents, judge
from tutorial_lib.grading.judge import seed_for
from tutorial_lib.grading.results import UNSAFE, Verdict
from tutorial_lib.grading.ruling import LIBRARY, ONLY_ELSEWHERE, Ruling
from tutorial_lib.grading.sandbox import level

pytestmark = pytest.mark.alone

N_HONEST = 1000
# They call the library's own version, or want digits as large as MNIST's.
NOT_FOR_MARKS = {"gradients_with_the_librarys_cost", "classifier_of_the_stack", "Clouds"}
SLOW = ("1.8", "4.1", "4.2", "4.3", "4.4", "4.5")
_numbers = count()


def by_id(task: Any) -> str:
    return task.id


def some_seeds(n: int) -> list[int]:
    return [seed_for(SECRET, "any", f"student {next(_numbers)}") for _ in range(n)]


def honest_answers() -> list[tuple[Exercise, Any]]:
    return [
        (exercise, answer)
        for exercise in map(light, EXERCISES)
        for answer in [exercise.reference, *other_answers(exercise)]
        if getattr(answer, "__name__", "") not in NOT_FOR_MARKS
    ]


def honest_jobs() -> list[tuple[Exercise, Any, list[int]]]:
    """Right answers, each with many secret cases, or with one where a case takes a second."""
    answers = honest_answers()
    n_slow = sum(exercise.id in SLOW for exercise, _ in answers)
    each = -(-(N_HONEST - n_slow) // (len(answers) - n_slow))
    return [(e, answer, some_seeds(1 if e.id in SLOW else each)) for e, answer in answers]


BUGS = {(e.id, bug.name): (light(e), bug.answer) for e in EXERCISES for bug in e.known_bugs}
JOBS = [*((*job, some_seeds(1)) for job in BUGS.values()), *honest_jobs()]


def judged(number: int) -> list[Ruling]:
    exercise, answer, seeds = JOBS[number]
    return ruling_on(exercise, answer, *seeds)


@pytest.fixture(scope="module")
def rulings() -> list[list[Ruling]]:
    """Judge all jobs, two at a time. A function cannot be sent, its number in the list can."""
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # on a fork beside other threads
        with ProcessPoolExecutor(2, get_context("fork")) as pool:
            return list(pool.map(judged, range(len(JOBS)), chunksize=3))


def test_every_known_bug_fails_on_secret_cases(rulings):
    accepted, unnamed = [], 0
    for (exercise, name), (ruling,) in zip(BUGS, rulings[: len(BUGS)], strict=True):
        unnamed += ruling.bug != name
        if ruling.verdict not in (Verdict.FAIL, Verdict.ERROR):
            accepted.append((exercise, name, ruling))
    print(f"{len(BUGS)} known mistakes: {len(accepted)} accepted, {unnamed} not named")
    assert accepted == []
    assert unnamed < 0.03 * len(BUGS)


def test_a_thousand_honest_answers_pass(rulings):
    jobs = JOBS[len(BUGS) :]
    failed = [
        (job[0].id, job[1], ruling)
        for job, given in zip(jobs, rulings[len(BUGS) :], strict=True)
        for ruling in given
        if ruling.verdict is not Verdict.PASS
    ]
    n_runs = sum(len(seeds) for _, _, seeds in jobs)
    print(f"{n_runs} runs of {len(jobs)} honest answers: {len(failed)} did not pass")
    assert n_runs >= N_HONEST
    assert failed == []


def test_the_known_bugs_of_questions_fail_and_right_answers_pass():
    for question in QUESTIONS:
        (ruling,) = ruling_on(question, question.reference, 0)
        assert (ruling.verdict, ruling.points) == (Verdict.PASS, question.points)
        for bug in question.known_bugs:
            (ruling,) = ruling_on(question, bug.answer, 0)
            assert (ruling.verdict, ruling.bug) == (Verdict.FAIL, bug.name)
            assert ruling.message == bug.message


# What is left to chance in a right answer is measured: it has to pass whatever the dice say.
@pytest.mark.parametrize("exercise", [e for e in EXERCISES if e.id in ("1.8", "4.1")], ids=by_id)
def test_chance_fails_nobody(exercise):
    rulings = ruling_on(exercise, exercise.reference, *some_seeds(10))
    assert {ruling.verdict for ruling in rulings} == {Verdict.PASS}


def callables_in_the_box() -> dict[str, Any]:
    found = {}
    for name in box_contents.MODULES:
        if name == "grading.start":
            continue
        module = importlib.import_module(f"tutorial_lib.{name}".removesuffix(".__init__"))
        own = [value for value in vars(module).values() if callable(value)]
        for value in own:
            if getattr(value, "__module__", "").startswith("tutorial_lib"):
                found[f"{name}.{value.__qualname__}"] = value
                members = vars(value).items() if inspect.isclass(value) else ()
                found |= {f"{name}.{value.__qualname__}.{k}": v for k, v in members if callable(v)}
    return found


def test_nothing_in_the_box_answers_an_exercise():
    found = callables_in_the_box()
    assert len(found) > 100
    assert "minimise.minimise" in found
    harmless = {  # others end or fork processes, and take frames
        name: function
        for name, function in found.items()
        if not name.startswith("grading.") and "notify" not in name
    }
    for exercise in map(light, EXERCISES):
        trial = exercise.trial(0)
        one = {name: trial.cases[name] for name in list(trial.cases)[:1]}
        for name, function in harmless.items():
            run = exercise.run(function, next(iter(one.values())))
            if run.error is None and not run.structure and run.parts:
                assert trial.problems(trial.run_all(function)), f"{name} answers {exercise.id}"
            elif isinstance(exercise, AccuracyExercise):  # its trial looks at the form alone
                assert exercise.check(function).status is not Status.CORRECT, name


def test_seeds_cannot_be_told_and_can_be_repeated():
    seeds = {
        seed_for(secret, exercise, student)
        for secret in (b"one secret of many", b"another secret")
        for exercise in ("1.1", "1.2")
        for student in ("anna", "bert", "1.1")
    }
    assert len(seeds) == 12
    assert seed_for(b"a", "1.1", "anna") == seed_for(b"a", "1.1", "anna")
    assert all(0 < seed < 1 << 63 for seed in seeds)


def neighbours_hidden(x, corruption_level, generator):
    """Hide one run of neighbours in each row, and a few values beside it."""
    m, n = x.shape
    corrupted = x.clone()
    if corruption_level == 0:
        return corrupted
    k = round(corruption_level * n) - 3
    start = torch.randint(n, (m,), generator=generator)
    in_run = (torch.arange(n)[None] - start[:, None]) % n < k
    corrupted[in_run] = 0
    dice = torch.rand(x.shape, generator=generator)
    dice[in_run] = 1
    corrupted[dice < 3 / (n - k)] = 0
    return corrupted


def two_sizes(n_visible, n_hidden, generator):
    """Draw weights of nearly one size, whose mean and extremes are those of an even spread."""
    r = (6 / (n_hidden + n_visible + 1)) ** 0.5

    def weights(*shape):
        large = torch.rand(shape, generator=generator) < 0.03
        size = torch.where(large, 0.98, 0.485) + 1e-4 * torch.rand(shape, generator=generator)
        return r * size * (2 * torch.randint(2, shape, generator=generator) - 1)

    w1, w2 = weights(n_hidden, n_visible), weights(n_visible, n_hidden)
    return w1, torch.zeros(n_hidden), w2, torch.zeros(n_visible)


@pytest.mark.parametrize(
    ("name", "answer"), [("corrupt", neighbours_hidden), ("initial_parameters", two_sizes)]
)
def test_chance_of_another_kind_fails(name, answer):
    (exercise,) = (e for e in EXERCISES if e.name == name)
    (ruling,) = ruling_on(exercise, answer, *some_seeds(1))
    assert ruling.verdict is Verdict.FAIL


def generators_in(value: Any) -> list[torch.Generator]:
    if isinstance(value, torch.Generator):
        return [value]
    parts = value.values() if isinstance(value, dict) else value
    inner = parts if isinstance(value, dict | list | tuple) else ()
    return [generator for part in inner for generator in generators_in(part)]


@pytest.mark.parametrize("exercise", [light(e) for e in EXERCISES], ids=by_id)
def test_no_answer_is_handed_the_secret_seed(exercise):
    (seed,) = some_seeds(1)
    drawing = torch.Generator().manual_seed(seed)
    for generator in generators_in(dict(exercise.cases(drawing))):
        assert generator.initial_seed() != seed
        assert not torch.equal(
            torch.rand(4, generator=generator.clone_state()), torch.rand(4, generator=drawing)
        )


def test_what_learns_to_read_is_not_handed_the_seed_that_renamed_the_digits():
    (exercise,) = (light(e) for e in EXERCISES if isinstance(e, AccuracyExercise))
    told = []

    def train(images, labels, generator):
        told.append(generator.initial_seed())
        return exercise.reference(images, labels, generator)

    (seed,) = some_seeds(1)
    exercise.judge(train, seed=seed)
    assert len(told) == 2
    assert seed not in told


# --- Whole submissions, in real boxes --------------------------------------------------------


def written(*cells: str) -> bytes:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    return nbformat.writes(notebook).encode()


def graded(*cells: str, student: str = "anna", **files: bytes) -> dict[str, Any]:
    """Return the result of a notebook with these cells, and of more notebooks."""
    given = [("a.ipynb", written(*cells)), *files.items()]
    return judge.grade(job_of_files(given, student, level()))


def of(result: dict[str, Any], exercise: str) -> dict[str, Any]:
    return next(one for one in result["exercises"] if one["exercise"] == exercise)


def solution(name: str) -> str:
    return next(task for task in all_exercises() if task.name == name).solution_text()


GRADIENTS = "import torch\n" + solution("sparse_autoencoder_loss_and_gradients")
HELPERS = [solution(name) for name in ("decode", "squared_error", "kl_sparsity")]


@needs_sandbox
def test_an_exercise_may_use_the_librarys_version_of_what_did_not_pass():
    wrong = "def encode(x, weight, bias):\n    return x @ weight.T + bias\n"
    result = graded(wrong, *HELPERS, GRADIENTS)
    assert of(result, "1.1")["verdict"] == "FAIL"
    assert of(result, "1.1")["bug"] == "no sigmoid"
    assert of(result, "1.6")["verdict"] == "PASS"
    assert any("1.6" in remark and "encode" in remark for remark in result["remarks"])


BY_AUTOGRAD = """
import torch
def sparse_autoencoder_loss_and_gradients(
    x, w1, b1, w2, b2, weight_decay, sparsity_target, sparsity_weight
):
    leaves = [p.clone().requires_grad_() for p in (w1, b1, w2, b2)]
    code = encode(x, *leaves[:2])
    loss = squared_error(x, decode(code, *leaves[2:]))
    loss = loss + sparsity_weight * kl_sparsity(code, sparsity_target)
    loss = loss + weight_decay / 2 * (leaves[0].square().sum() + leaves[2].square().sum())
    return loss.detach(), *torch.autograd.grad(loss, leaves)
"""
MISTAKES = {
    "encode": "def encode(x, weight, bias):\n    return x @ weight.T + bias\n",
    "decode": "def decode(code, weight, bias):\n    return code @ weight.T + bias\n",
    "squared_error": "def squared_error(x, reconstruction):\n    return (x - x).sum()\n",
    "kl_sparsity": "def kl_sparsity(code, sparsity_target):\n    return code.sum()\n",
}


@needs_sandbox
@pytest.mark.parametrize("wrong", [[name] for name in MISTAKES] + [[*MISTAKES]])
def test_autograd_goes_through_the_librarys_version(wrong):
    cells = [MISTAKES[name] if name in wrong else solution(name) for name in MISTAKES]
    result = graded("import torch\n", *cells, BY_AUTOGRAD)
    one = of(result, "1.6")
    assert (one["verdict"], one["points"]) == ("PASS", one["out_of"])


@needs_sandbox
def test_one_mistake_costs_once():
    constants = "SPARSITY_TARGET, SPARSITY_WEIGHT, WEIGHT_DECAY = 0.1, 3.0, 3e-3\n"
    fourth = [solution("train_sparse_autoencoder"), solution("train_softmax")]
    result = graded(
        "import torch\ndef encode(x, weight, bias):\n    return torch.tanh(x @ weight.T + bias)\n",
        *HELPERS,
        GRADIENTS,
        **{
            "c.ipynb": written(
                "import torch\ndef softmax(logits):\n    return torch.sigmoid(logits)\n",
                solution("softmax_loss_and_gradient"),
                "ex.softmax.check(softmax)",
            ),
            "d.ipynb": written(
                "import torch\nfrom tutorial_lib.minimise import minimise\n" + constants,
                *fourth,
                "ex.train_softmax.check(train_softmax)",
            ),
        },
    )
    verdicts = {k: of(result, k)["verdict"] for k in ("1.1", "1.6", "3.1", "3.2", "4.2", "4.3")}
    wrong = {"1.1", "3.1"}
    assert verdicts == {k: "FAIL" if k in wrong else "PASS" for k in verdicts}


CENTRES = """
def train_digit_classifier(images, labels, generator):
    centres = torch.stack([images[labels == k].mean(0) for k in range(10)])
    return lambda new: encode(new, centres / 20, -(centres**2).sum(1) / 40).argmax(1)
"""


@needs_sandbox
def test_one_mistake_costs_once_also_where_there_are_parts():
    wrong = "import torch\ndef encode(x, weight, bias):\n    return -(x @ weight.T + bias)\n"
    asked = "ex.train_digit_classifier.check(train_digit_classifier)"
    result = graded(wrong, **{"d.ipynb": written("import torch", CENTRES, asked)})
    assert of(result, "1.1")["verdict"] == "FAIL"
    last = of(result, "4.5")
    assert (last["verdict"], last["points"]) == ("FAIL", last["out_of"] / 4)
    assert any("judged with the library's encode" in remark for remark in result["remarks"])


GIANT = """
import torch
def train_digit_classifier(images, labels, generator):
    images = images.double()
    layers = [(torch.rand(500, n).double() - 0.5, torch.zeros(500).double()) for n in (784, 500)]
    softmax_weight = torch.rand(10, 500).double()
    return fine_tune_stack(images, labels, layers, softmax_weight, 3e-3, 100)
"""


@needs_sandbox
def test_what_an_answer_has_us_do_ends_with_its_time(monkeypatch):
    times = []

    def timed(*arguments):
        started = time.monotonic()
        try:
            return rule(*arguments)
        finally:
            times.append(time.monotonic() - started)

    rule = judge.rule
    monkeypatch.setattr(judge, "rule", timed)
    asked = "ex.train_digit_classifier.check(train_digit_classifier)"
    files = [("d.ipynb", written(GIANT, asked))]
    result = judge.grade(job_of_files(files, "anna", level(), seconds=0.25))
    assert of(result, "4.5")["verdict"] == "ERROR", "without ours nothing has that name"
    with_ours = times[1]
    assert 3 < with_ours < 3 + 2 + 3  # twelve times the limit; two seconds more; a box begins


@needs_sandbox
def test_nothing_that_other_answers_left_in_the_box_helps_to_learn():
    keeps = "def encode(x, weight, bias):\n    open('/tmp/kept', 'w').close()\n    return x\n"
    looks = "import os\ndef decode(*arguments):\n    return 1 / (not os.path.exists('/tmp/kept'))"
    learns = looks.replace("decode", "train_digit_classifier")
    asked = "ex.train_digit_classifier.check(train_digit_classifier)"
    result = graded(keeps, looks, **{"d.ipynb": written(learns, asked)})
    # Of one student the others share a box, so this test could find something.
    assert of(result, "1.2")["verdict"] == "ERROR"
    assert of(result, "4.5")["verdict"] == "FAIL"


@needs_sandbox
def test_an_exercise_may_use_the_librarys_version_of_what_was_not_attempted():
    result = graded(stub_of(encode.reference), *HELPERS, GRADIENTS)
    assert of(result, "1.1")["verdict"] == "NOT_ATTEMPTED"
    assert of(result, "1.6")["verdict"] == "PASS"


@needs_sandbox
def test_an_answer_that_never_ends_costs_what_builds_on_it_nothing():
    result = graded("def encode(x, weight, bias):\n    while True: pass", *HELPERS, GRADIENTS)
    assert of(result, "1.1")["verdict"] == "TIMEOUT"
    assert of(result, "1.6")["verdict"] == "PASS"


@needs_sandbox
def test_a_definition_that_fails_is_shown_with_its_place():
    result = graded("import functools", f"@functools.cach\n{solution('encode')}")
    one = of(result, "1.1")
    assert one["verdict"] == "ERROR"
    assert one["details"] == "a.ipynb, cell 2, line 1: this definition raised AttributeError."


@needs_sandbox
def test_an_import_of_ours_that_is_not_needed_hides_no_mistake():
    star = "from tutorial_lib.losses import *"
    wrong = "def encode(x, weight, bias):\n    return x @ weight.T + bias\n"
    result = graded(
        star, wrong, "def decode(code, weight, bias):\n    return squared_error(code)\n"
    )
    assert of(result, "1.1")["bug"] == "no sigmoid"
    assert of(result, "1.2")["bug"] == LIBRARY


def test_without_a_sandbox_an_endless_answer_is_ended_too(tmp_path):
    answer = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n    while True: pass"
    cells = written("import os", f"def encode(x, weight, bias):\n    {answer}\n")
    result = judge.grade(job_of_files([("a.ipynb", cells)], "anna", UNSAFE))
    assert of(result, "1.1")["verdict"] == "TIMEOUT"
    process = Path("/proc") / (tmp_path / "pid").read_text()
    wait_until(lambda: not process.exists())  # its new parent has yet to take note of it


@needs_sandbox
def test_the_librarys_version_of_one_exercise_is_no_answer_to_another():
    # They are the same line, but 1.2 does not build on 1.1.
    answer = "def decode(code, weight, bias):\n    return encode(code, weight, bias)\n"
    result = graded(answer, "encode = ex.encode.yours_or_ours()")
    assert of(result, "1.2")["verdict"] == "ERROR"


@needs_sandbox
def test_no_name_of_the_library_reaches_its_files_or_its_own_answer():
    result = graded(
        "from tutorial_lib.autoencoder import corrupt as ours\n",
        "def corrupt(x, corruption_level, generator):\n"
        "    return ours(x, corruption_level, generator=generator)\n",
    )
    one = of(result, "1.8")
    assert (one["verdict"], one["bug"], one["points"]) == ("FAIL", LIBRARY, 0)


# Each in an exercise of its own, about its first argument.
TELLS = {
    "encode": "raise ValueError(x.tolist())",
    "decode": "raise type('E' + str(x[0, 0].item()), (Exception,), {})",
    "squared_error": "print(x.tolist())",
    "cross_entropy": "return x[0, 0].item()",
    "kl_sparsity": "return torch.zeros(int(x[0, 0] * 1000), 3)",
    "sparse_autoencoder_loss_and_gradients": "return type(f'T{int(x[0, 0] * 10**8)}', (), {})()",
    "strongest_inputs": "\n".join(
        f"    if int(9 * x[0, 0]) == {k}: raise E" for k in range(-30, 30)
    ),
}


@needs_sandbox
def test_what_the_student_reads_has_nothing_of_the_secret_cases():
    cells = [f"def {name}(x, *rest):\n    {body.strip()}\n" for name, body in TELLS.items()]
    results = [graded("import torch", *cells, student=student) for student in ("anna", "bert")]
    by_name = {task.name: task for task in EXERCISES}
    for name in TELLS:
        task = by_name[name]
        one, other = ({**of(result, task.id), "seed": 0} for result in results)
        assert one == other  # the secret cases differ, what is said does not
        assert one["verdict"] in ("FAIL", "ERROR")
        text = json.dumps(one)
        for case in task.trial(of(results[0], task.id)["seed"]).cases.values():
            told = next(iter(case.values())).flatten().tolist()
            assert not any(str(number)[:7] in text for number in told)


@needs_sandbox
def test_what_an_answer_keeps_from_the_secret_cases_is_gone_when_it_may_speak():
    answer = (
        "import torch, pathlib, os\n"
        "def encode(x, weight, bias):\n"
        "    for place in ('/tmp/kept', '/dev/shm/kept'):\n"
        "        path = pathlib.Path(place)\n"
        "        kept = path.read_text() if path.exists() else ''\n"
        "        path.write_text(kept + str(x.tolist()))\n"
        "    raise ValueError(len(kept))\n"
    )
    assert "ValueError: 0" in of(graded(answer), "1.1")["details"]


@needs_sandbox
def test_an_answer_that_knows_the_public_cases_is_told_that_there_are_others():
    cases = encode.trial(0).cases.values()
    x = [[round(v, 4) for v in case["x"].flatten().tolist()] for case in cases]
    right = [encode.reference(**case).flatten().tolist() for case in cases]
    answer = (
        f"import torch\nX, Y = {x}, {right}\n"
        "def encode(x, weight, bias):\n"
        "    key = [round(v, 4) for v in x.flatten().tolist()]\n"
        "    shape = (len(x), len(bias))\n"
        "    return torch.tensor(Y[X.index(key)] if key in X else [0.5] * shape[0] * shape[1])"
        ".reshape(shape)\n"
    )
    one = of(graded(answer), "1.1")
    assert (one["verdict"], one["details"]) == ("FAIL", ONLY_ELSEWHERE)


@needs_sandbox
def test_other_versions_of_the_judge_are_refused():
    job = job_of_files([], "anna", level())
    with pytest.raises(RuntimeError, match="install the same versions"):
        judge.grade({**job, "versions": {**job["versions"], "torch": "1.0"}})


@needs_sandbox
def test_the_state_of_one_exercise_is_not_that_of_the_next():
    result = graded(
        "import torch\n"
        "def encode(x, weight, bias):\n"
        "    torch.set_default_dtype(torch.float64)\n"
        "    torch.set_grad_enabled(False)\n"
        "    torch.sigmoid = lambda x: x\n"
        "    return 1 / (1 + torch.exp(-(x @ weight.T + bias)))\n",
        solution("decode"),
        **{"c.ipynb": written(solution("classifier_from"), "ex.classifier_from.check(0)")},
    )
    assert [of(result, k)["verdict"] for k in ("1.1", "1.2", "3.6")] == ["PASS"] * 3
