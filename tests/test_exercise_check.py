"""From an answer to a verdict, on exercises made up for it."""

import functools
import re

import pytest
import torch
from exercise_helpers import made_from, stub_of

from tutorial_lib.exercises import record
from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.outcome import Status
from tutorial_lib.exercises.values import Tolerance
from tutorial_lib.exercises.wording import WIDTH


def affine(x, weight, bias=0.0):
    """Return the weighted sums.

    x: (n_examples, n), weight: (m, n); float tensors.
    """
    return x @ weight.T + bias


def draw(generator):
    return {
        "3 examples": {"x": torch.rand(3, 3, generator=generator), "weight": torch.eye(3) * 2},
        "4 examples": {
            "x": torch.rand(4, 3, generator=generator),
            "weight": torch.rand(2, 3, generator=generator),
        },
    }


def transposed(x, weight):
    return x @ weight + 1


def doubled(x, weight):
    return 2 * x @ weight.T


def on_one_row_only(x, weight):
    return (x @ weight.T)[:1]


def in_place(x, weight):
    x.mul_(2)
    return x @ weight.T / 2


BUGS = (
    KnownBug("transposed", transposed, "You turned the weight round."),
    KnownBug("doubled", doubled, "You counted it twice."),
    KnownBug("one row", on_one_row_only, "You looked at one example."),
    KnownBug("in place", in_place, "You changed what you were given."),
)


def exercise(**changed) -> Exercise:
    settings = {
        "id": "9.1",
        "title": "Sums",
        "points": 2,
        "reference": affine,
        "cases": draw,
        "parts": ("the sums",),
        "expects": "one row per example.",
        "known_bugs": BUGS,
        "hints": ("Multiply.", "Add up as well."),
        "notice": "It is linear.",
    }
    return Exercise(**{**settings, **changed})


# --- Not attempted ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        stub_of(affine),
        "def affine(x, weight, bias=0.0): ...\n",
        "def affine(x, weight, bias=0.0):\n    pass\n",
        "def affine(x, weight, bias=0.0):\n    return ...\n",
        "affine = ...\n",
    ],
)
def test_an_untouched_stub_is_not_attempted(text):
    outcome = exercise().check(made_from(text, "affine"))
    assert outcome.status is Status.NOT_ATTEMPTED
    assert outcome.message == (
        "Replace the ... in affine by your code, run the cell, and check again."
    )


@pytest.mark.parametrize("body", ["y = x @ weight.T", "print(x.shape)"])
def test_a_function_that_forgets_to_return_is_an_attempt(body):
    answer = made_from(f"def affine(x, weight, bias=0.0):\n    {body}\n", "affine")
    outcome = exercise().check(answer)
    assert outcome.status is Status.INCORRECT
    assert "None (is the return missing?)" in outcome.message


@pytest.mark.parametrize("value", ["0.5", "None", "0, 0", "[]"])
def test_a_constant_is_an_attempt(value, tmp_path):
    path = tmp_path / "cell.py"  # with its source at hand, as in a notebook
    text = f'def affine(x, weight, bias=0.0):\n    """Say something."""\n    return {value}\n'
    path.write_text(text)
    scope = {"__name__": "__main__"}
    exec(compile(text, path, "exec"), scope)
    assert exercise().check(scope["affine"]).status is Status.INCORRECT


def test_the_librarys_version_is_not_the_learners():
    task = exercise()
    outcome = task.check(task.yours_or_ours())
    assert outcome.status is Status.NOT_ATTEMPTED
    assert "library's version" in outcome.message


@pytest.mark.parametrize("value", [None, 3, torch.ones(2), "affine"])
def test_the_function_itself_is_wanted(value):
    outcome = exercise().check(value)
    assert outcome.status is Status.INCORRECT
    assert "check(affine)" in outcome.message


# --- Correct ------------------------------------------------------------------------------------


class Callable:
    def __call__(self, x, weight):
        return affine(x, weight)


@pytest.mark.parametrize(
    "answer",
    [
        affine,
        lambda x, weight: torch.einsum("ij,kj->ik", x, weight),
        lambda x, weight: affine(x.double(), weight.double()),
        lambda x, weight: torch.from_numpy(x.numpy() @ weight.numpy().T),
        lambda x, weight: torch.stack([weight @ row for row in x]),
        lambda x, weight: affine(x, weight.requires_grad_()),
        functools.partial(affine, bias=0),
        Callable(),
    ],
)
def test_what_behaves_like_the_reference_is_correct(answer):
    outcome = exercise().check(answer)
    assert outcome.status is Status.CORRECT, outcome
    assert (outcome.points, outcome.out_of) == (2, 2)
    assert outcome.message.startswith("It is linear.")
    assert (outcome.known_bug, outcome.rows, outcome.picture) == (None, (), None)


def test_the_tolerance_is_the_exercises():
    assert exercise().check(lambda x, weight: affine(x, weight) * 1.01).status is Status.INCORRECT
    wide = exercise(tolerance=Tolerance(relative=0.1))
    assert wide.check(lambda x, weight: affine(x, weight) * 1.01).status is Status.CORRECT


# --- Incorrect ----------------------------------------------------------------------------------


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
@pytest.mark.parametrize("seed", range(3))
def test_a_known_mistake_is_named(bug, seed):
    outcome = exercise().judge(bug.answer, seed=seed)
    assert (outcome.status, outcome.known_bug, outcome.points) == (Status.INCORRECT, bug.name, 0)
    assert f"Known mistake: {bug.name}. {bug.message}" in outcome.message


def test_a_mistake_is_known_however_it_is_written():
    outcome = exercise().check(lambda x, weight: torch.einsum("ij,jk->ik", x.double(), weight) + 1)
    assert outcome.status is Status.ERROR  # einsum refuses to mix the two dtypes: not the same
    assert outcome.known_bug is None
    outcome = exercise().check(lambda x, weight: torch.einsum("ij,jk->ik", x, weight) + 1)
    assert (outcome.status, outcome.known_bug) == (Status.INCORRECT, "transposed")
    assert outcome.message.startswith("With 3 examples: "), "by its value, not where it broke down"


def test_a_mistake_is_told_by_its_value_though_it_broke_down_before():
    task = exercise(cases=lambda generator: dict(reversed(draw(generator).items())))
    outcome = task.judge(transposed)
    assert (outcome.status, outcome.known_bug) == (Status.INCORRECT, "transposed")
    assert outcome.message.startswith("With 3 examples: ")


def test_the_same_error_everywhere_is_no_known_mistake():
    def mistyped(x, weight):
        raise RuntimeError("another one")

    def broken(x, weight):
        raise RuntimeError("mat1 and mat2")

    task = exercise(known_bugs=(KnownBug("broken", broken, "It breaks."),))
    assert task.judge(mistyped).known_bug is None
    outcome = task.judge(broken)
    assert (outcome.status, outcome.known_bug) == (Status.ERROR, "broken")


def test_an_unknown_mistake_is_told_by_what_was_compared():
    outcome = exercise().check(
        lambda x, weight: affine(x, weight) + torch.eye(len(x))[:, : len(weight)]
    )
    assert outcome.known_bug is None
    message = " ".join(outcome.message.split())
    assert message.startswith("With 3 examples: the sums has other values than expected: 3 of 9")
    assert message.endswith("Expected: one row per example.")


def test_what_was_printed_is_shown_with_a_wrong_answer():
    def answer(x, weight):
        print("first\n\nsecond", x.shape)
        return x

    paragraphs = exercise().check(answer).message.split("\n\n")
    assert paragraphs[-2:] == [
        "It printed:",
        "    first\n    \n    second torch.Size([3, 3])",
    ]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x, weight: x.mul_(2) @ weight.T / 2, "changed its argument x."),
        (
            lambda x, weight: affine(x, weight.add_(1).sub_(1).mul_(1)) + 0 * weight.zero_().sum(),
            "changed its argument weight.",
        ),
        (lambda x, weight: x.set_(affine(x, weight)).clone(), "changed its argument x."),
    ],
)
def test_right_values_with_bad_manners(answer, words):
    outcome = exercise(known_bugs=()).check(answer)
    assert outcome.status is Status.INCORRECT
    assert words in " ".join(outcome.message.split())


def test_a_view_on_an_argument_is_told_unless_the_reference_is_one():
    task = exercise(reference=lambda x, weight: x.clone(), known_bugs=())
    refused = task.judge(lambda x, weight: x)
    assert refused.status is Status.INCORRECT
    assert "view on x" in refused.message
    like = exercise(reference=lambda x, weight: x[:], known_bugs=())
    assert like.judge(lambda x, weight: x).status is Status.CORRECT, "as the reference does"


def test_memory_used_again_is_told():
    buffers = {}

    def answer(x, weight):
        result = affine(x, weight)
        return buffers.setdefault(result.shape, torch.empty_like(result)).copy_(result)

    outcome = exercise().check(answer)
    assert outcome.status is Status.INCORRECT
    assert "same memory" in " ".join(outcome.message.split())


def test_an_answer_that_remembers_the_first_call_is_told():
    seen = []

    def answer(x, weight):
        seen.append(x)
        return affine(x, weight) + (len(seen) > 2)

    outcome = exercise().check(answer)
    assert outcome.status is Status.INCORRECT
    assert outcome.message.startswith("With 3 examples, called once more: ")


# --- Errors -------------------------------------------------------------------------------------


def test_an_error_is_told_with_its_line():
    def answer(x, weight):
        return x @ weight  # which works where the weight is square

    outcome = exercise().check(answer)
    assert outcome.status is Status.ERROR
    first, line, *_ = outcome.message.split("\n\n")
    assert " ".join(first.split()).startswith("With 4 examples: it raised RuntimeError: mat1 and")
    assert line.endswith("in answer: return x @ weight  # which works where the weight is square")
    assert outcome.message.endswith("Expected: one row per example.")


@pytest.mark.parametrize("error", [SystemExit, GeneratorExit, BaseException, MemoryError])
def test_whatever_is_raised_is_a_verdict(error):
    def answer(x, weight):
        raise error

    assert exercise().check(answer).status is Status.ERROR


def test_a_list_that_holds_itself_is_an_argument_that_was_changed():
    task = exercise(
        reference=lambda rows: rows[0] * 2,
        cases=lambda generator: {"2 rows": {"rows": [torch.ones(2), torch.zeros(2)]}},
        known_bugs=(),
    )

    def answer(rows):
        rows.append(rows)
        return rows[0] * 2

    assert "changed its argument rows." in " ".join(task.check(answer).message.split())


def test_the_learner_can_interrupt():
    def answer(x, weight):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        exercise().check(answer)


def test_should_the_check_itself_break_down_it_says_so():
    def broken(generator):
        raise RuntimeError("a fault of the exercise")

    task = exercise(cases=broken)
    outcome = task.check(affine)
    assert outcome.status is Status.ERROR
    assert "in the check itself" in outcome.message
    record.note("affine", Status.CORRECT, RIGHT)
    assert task.yours_or_ours() is task._ours
    assert torch.equal(task._ours(torch.eye(2), torch.eye(2)), torch.eye(2)), "the page goes on"


# --- Gradients ----------------------------------------------------------------------------------


def loss_and_gradients(x, weight):
    """Return half the sum of squares, and two gradients."""
    y = x @ weight.T
    return (y**2).sum() / 2, y @ weight, y.T @ x


def gradients(**changed) -> Exercise:
    parts = ("loss", "gradient of x", "gradient of weight")
    settings = {
        "reference": loss_and_gradients,
        "parts": parts,
        "gradients": True,
        "known_bugs": (),
    }
    return exercise(**{**settings, **changed})


def test_each_gradient_is_right_or_wrong():
    outcome = gradients().check(lambda x, weight: (*loss_and_gradients(x, weight)[:2], 2 * weight))
    assert [(row.part, row.verdict) for row in outcome.rows] == [
        ("loss", "right"),
        ("gradient of x", "right"),
        ("gradient of weight", "wrong"),
    ]
    assert "gradient of weight is wrong." in outcome.message
    assert all(f"{r.part:18}  {r.verdict:5}  {r.detail}" in outcome.message for r in outcome.rows)
    assert outcome.picture is not None


def test_the_relative_error_of_a_gradient_twice_too_long_is_one():
    def answer(x, weight):
        loss, first, second = loss_and_gradients(x, weight)
        return loss, 2 * first, 2 * second

    outcome = gradients().check(answer)
    details = [row.detail.split(";") for row in outcome.rows[1:]]
    assert [error for error, _ in details] == ["relative error 1"] * 2
    assert all(place.startswith(" all wrong, furthest off at index") for _, place in details)
    assert "gradient of x and gradient of weight are wrong." in outcome.message


def test_a_gradient_of_the_wrong_shape_is_a_row_and_no_picture():
    def answer(x, weight):
        return loss_and_gradients(x, weight)[0], torch.ones(1), None

    outcome = gradients().check(answer)
    assert outcome.rows[1].detail == "has shape (1,); expected (3, 3)."
    assert outcome.rows[2].detail.startswith("is None (is the return missing?); expected a torch")
    assert outcome.picture is None
    assert "<img" not in outcome._repr_html_()


def test_too_few_gradients_are_told():
    outcome = gradients().check(lambda x, weight: loss_and_gradients(x, weight)[0])
    message = " ".join(outcome.message.split())
    assert "returned a tensor of shape (); expected 3 values: loss, gradient of x" in message


# --- Observed answers ---------------------------------------------------------------------------


def share_and_seed(answer, x, level, generator):
    state = generator.get_state()
    first = answer(x, level, generator)
    again = answer(x, level, generator.set_state(state))
    share = round((first == 0).double().mean().item(), 1)
    return {"share of zeros": share, "the same for the same generator": torch.equal(first, again)}


def mask(x, level, generator):
    """Return noisy x."""
    return x * (torch.rand(x.shape, generator=generator) >= level)


def masking() -> Exercise:
    return exercise(
        reference=mask,
        cases=lambda generator: {
            "10,000 numbers": {
                "x": torch.ones(100, 100),
                "level": 0.3,
                "generator": torch.Generator().manual_seed(3),
            }
        },
        observe=share_and_seed,
        known_bugs=(
            KnownBug(
                "no generator",
                lambda x, level, generator: x * (torch.rand(x.shape) >= level),
                "You drew from another source.",
            ),
        ),
    )


def test_random_answers_are_compared_by_what_they_have_in_common():
    def other_way_round(x, level, generator):
        return x * (torch.rand(x.shape, generator=generator) < 1 - level)

    assert masking().check(other_way_round).status is Status.CORRECT
    outcome = masking().check(lambda x, level, generator: mask(x, 1 - level, generator))
    assert "share of zeros is 0.7; another number was expected." in outcome.message


def test_a_random_mistake_is_recognised_by_its_measurements():
    def also_without(x, level, generator):
        return torch.where(torch.rand(x.shape) < level, 0.0, x)

    outcome = masking().check(also_without)
    assert (outcome.status, outcome.known_bug) == (Status.INCORRECT, "no generator")
    message = " ".join(outcome.message.split())
    assert '"the same for the same generator" should be true here, and is not.' in message


def test_a_stub_that_returns_its_dots_is_recognised_when_observed():
    nothing = exercise(
        observe=lambda answer, x, weight: {"value": answer(x, weight)}, known_bugs=()
    )
    assert nothing.judge(lambda x, weight: ...).status is Status.NOT_ATTEMPTED


# --- Cost, hints, yours or ours -----------------------------------------------------------------


def test_the_reference_and_the_mistakes_are_called_once_for_a_seed():
    calls = []

    def counted(function):
        @functools.wraps(function)
        def counting(*arguments):
            calls.append(function.__name__)
            return function(*arguments)

        return counting

    task = exercise(
        reference=counted(affine), known_bugs=(KnownBug("doubled", counted(doubled), "Twice."),)
    )
    for _ in range(5):
        task.judge(lambda x, weight: x)
    assert calls.count("affine") == 3  # two cases, and the first once more
    assert calls.count("doubled") == 1  # it differs in the first case already
    task.judge(affine, seed=1)
    assert calls.count("affine") == 6


def test_hints_go_round():
    task = exercise()
    assert [str(task.hint()) for _ in range(3)] == [
        "Hint 1 of 2: Multiply.",
        "Hint 2 of 2: Add up as well. There are no more, but there is solution().",
        "Hint 1 of 2: Multiply.",
    ]


def test_a_text_shows_itself_plainly():
    hint = exercise(hints=("Is a < b & c?", "No.")).hint()
    assert repr(hint) == "Hint 1 of 2: Is a < b & c?"
    page = hint._repr_html_()
    assert re.fullmatch(r"<pre[^>]*>Hint 1 of 2: Is a &lt; b &amp; c\?</pre>", page)


def test_the_solution_is_the_text_of_the_reference():
    assert str(exercise().solution()).startswith("def affine(x, weight, bias=0.0):\n")
    assert made_from(exercise().solution(), "affine")(torch.eye(2), torch.eye(2)).sum() == 2


def test_ours_until_yours_is_correct_and_then_yours(capsys):
    def mine(x, weight):
        return affine(x, weight)

    task = exercise()
    ours = task.yours_or_ours()
    assert ours is not affine
    assert ours.__doc__ == affine.__doc__
    assert torch.equal(ours(torch.eye(3), torch.ones(2, 3), bias=1.0), torch.full((3, 2), 2.0))
    assert "affine: the library's version" in capsys.readouterr().out
    task.check(mine)
    assert task.yours_or_ours() is mine
    assert capsys.readouterr().out == "affine: your version\n"
    task.check(doubled)
    assert task.yours_or_ours() is not doubled
    assert "your version" not in capsys.readouterr().out


def test_a_right_answer_whose_helper_has_changed_is_no_longer_taken(capsys):
    factor = 1

    def mine(x, weight):
        return factor * affine(x, weight)

    task = exercise()
    task.check(mine)
    factor = 2
    assert task.yours_or_ours() is task._ours
    assert capsys.readouterr().out == (
        "affine: the library's version, until yours passes again: something that it uses has "
        "changed since it was checked\n"
    )
    factor = 1
    assert task.yours_or_ours() is mine


def test_a_right_answer_that_cannot_be_kept_is_told_so():
    told = exercise().check(lambda x, weight: x @ weight.T).message
    assert "could not be kept for later sessions" in told
    assert max(map(len, told.splitlines())) <= WIDTH
    assert exercise().check(affine).message == "It is linear."
    assert exercise().check(doubled).message.count("kept") == 0


RIGHT = "def affine(x, weight):\n    return x @ weight.T\n"


def test_a_right_answer_of_an_earlier_session_is_used_again(capsys):
    record.note("affine", Status.CORRECT, RIGHT)
    task = exercise()
    yours = task.yours_or_ours()
    assert torch.equal(yours(torch.eye(2), 3 * torch.eye(2)), 3 * torch.eye(2))
    assert capsys.readouterr().out == "affine: your earlier version (kept from before)\n"
    task.check(doubled)
    task.yours_or_ours()
    assert "(the present one is not correct)" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text",
    [
        RIGHT.replace("x @", "2 * x @"),
        RIGHT.replace("return", "raise"),
        "import sys\nsys.exit()",
        "affine = 3",
        "",
    ],
)
def test_a_recorded_text_that_is_not_right_is_not_used(text, capsys):
    record.note("affine", Status.CORRECT, text)
    exercise().yours_or_ours()
    assert "the library's version" in capsys.readouterr().out


def test_an_answer_that_cannot_be_made_anew_is_told(capsys):
    record.note("affine", Status.CORRECT, "raise RuntimeError")
    exercise().yours_or_ours()
    assert "until you check yours again: it was correct, but" in capsys.readouterr().out


def test_nan_is_no_proof_of_a_known_mistake():
    """A sum may have become NaN in another way than by the mistake that makes it NaN."""
    task = exercise(
        known_bugs=(KnownBug("rooted", lambda x, weight: (-x).sqrt() @ weight.T, "No"),)
    )
    outcome = task.judge(lambda x, weight: affine(x, weight) * torch.nan)
    assert outcome.status is Status.INCORRECT
    assert outcome.known_bug is None


def test_the_verdict_and_the_text_are_noted():
    task = exercise()
    task.check(affine)
    task.check(doubled)
    task.check(...)
    assert record.load()["affine"]["status"] == "CORRECT"  # once done, it stays done
    assert "x @ weight.T + bias" in record.load()["affine"]["answer"]


def test_judging_notes_nothing():
    exercise().judge(affine)
    assert record.load() == {}


def test_a_check_leaves_no_trace_in_the_arguments_of_the_next():
    kept = []

    def hoarding(x, weight):
        for tensor in kept:
            tensor.zero_()
        kept.extend([x, weight])
        return affine(x, weight)

    task = exercise()
    assert task.check(hoarding).status is Status.CORRECT
    assert task.check(affine).status is Status.CORRECT


# --- Two mistakes at once -----------------------------------------------------------------------


def doubled_and_cut(x, weight):
    return doubled(x, weight) if len(x) == 3 else on_one_row_only(x, weight)


def test_of_two_mistakes_the_one_that_shows_first_is_named():
    outcome = exercise().judge(doubled_and_cut)
    assert (outcome.status, outcome.known_bug) == (Status.INCORRECT, "doubled")


def test_where_two_known_mistakes_do_the_same_neither_is_guessed():
    tripled_elsewhere = KnownBug(
        "sometimes tripled",
        lambda x, weight: (2 if len(x) == 3 else 3) * x @ weight.T,
        "You counted it twice or three times.",
    )
    task = exercise(known_bugs=(*BUGS, tripled_elsewhere))
    assert task.judge(doubled_and_cut).known_bug is None
    assert task.judge(doubled).known_bug == "doubled"


def test_an_unknown_slip_that_only_breaks_elsewhere_is_told_where():
    outcome = exercise().judge(lambda x, weight: x @ (3 * weight))
    assert (outcome.status, outcome.known_bug) == (Status.INCORRECT, None)
    assert "With 3 examples: the sums has other values" in outcome.message
    assert "With 4 examples: it raised RuntimeError" in outcome.message
    assert outcome.message.endswith("\n\nExpected: one row per example.")
    lines = [line for line in outcome.message.splitlines() if not line.startswith("    ")]
    assert max(map(len, lines)) <= WIDTH


def test_a_gradient_that_is_still_zeros_is_called_so():
    task = exercise(gradients=True)
    outcome = task.judge(lambda x, weight: torch.zeros(len(x), len(weight)))
    assert "still zeros" in outcome.message
