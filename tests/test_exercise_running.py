"""One call of an answer: what it did to its arguments, what it returned, where it broke down."""

import linecache
import sys
import warnings
from functools import partial

import pytest
import torch
from exercise_helpers import Liar, Subclass, made_from

from tutorial_lib.exercises.arguments import fresh, same, tensors_in
from tutorial_lib.exercises.blame import describe_error, own_line
from tutorial_lib.exercises.running import Run, call, mark_overwritten, run
from tutorial_lib.exercises.wording import LONGEST_QUOTE


def case(**more):
    return {"x": torch.ones(2, 3), "rows": [(torch.ones(2), torch.zeros(1))], "n": 3, **more}


def ran(function, names=("it",), observe=call, **more) -> Run:
    return run(function, case(**more), names, observe)


# --- Arguments ----------------------------------------------------------------------------------


def test_the_call_gets_copies_and_its_result_is_copied():
    given = case()
    seen = []

    def answer(x, rows, n):
        seen.extend([x, rows])
        return x.mul_(2)

    done = run(answer, given, ("it",), call)
    assert seen[0] is not given["x"]
    assert seen[1][0][0] is not given["rows"][0][0]
    assert torch.equal(given["x"], torch.ones(2, 3))
    assert done.parts["it"] is not seen[0]
    assert torch.equal(done.parts["it"], torch.full((2, 3), 2.0))


def test_a_generator_keeps_its_state_and_is_a_copy():
    generator = torch.Generator().manual_seed(3)
    torch.rand(2, generator=generator)
    copied = fresh([generator])[0]
    first = torch.rand(4, generator=copied)
    assert torch.equal(first, torch.rand(4, generator=generator))


def changing_x(x, rows, n):
    x[0, 0] = 7


def changing_the_pair(x, rows, n):
    rows[0][1].sub_(1)


def appending(x, rows, n):
    rows.append(1)


def removing(x, rows, n):
    rows.clear()


def replacing(x, rows, n):
    rows[0] = "something else"


def reshaping(x, rows, n):
    x.t_()


def widening(x, rows, n):
    x.data = x.data.double()


def filling_with_nan(x, rows, n):
    x.fill_(float("nan"))


@pytest.mark.parametrize(
    ("function", "changed"),
    [
        (changing_x, ["x"]),
        (changing_the_pair, ["rows"]),
        (appending, ["rows"]),
        (removing, ["rows"]),
        (replacing, ["rows"]),
        (reshaping, ["x"]),
        (widening, ["x"]),
        (filling_with_nan, ["x"]),
        (lambda x, rows, n: x.clone().add_(1), []),
        (lambda x, rows, n: x.requires_grad_(), []),
    ],
)
def test_a_changed_argument_is_noticed(function, changed):
    assert ran(function).changed == changed


def test_a_changed_list_of_numbers_is_noticed():
    assert ran(lambda x, rows, n, errors: errors.sort(), errors=[3.0, 1.0]).changed == ["errors"]
    assert ran(lambda x, rows, n, errors: errors.sort(), errors=[1.0, 3.0]).changed == []


def test_a_changed_module_is_noticed():
    layer = torch.nn.Linear(2, 2)

    def training(x, rows, n, layer):
        with torch.no_grad():
            layer.weight += 1

    assert ran(training, layer=layer).changed == ["layer"]
    assert ran(lambda x, rows, n, layer: layer(torch.ones(2)), layer=layer).changed == []


def test_layers_that_are_hung_on_a_module_or_frozen_are_noticed():
    def hanging(x, rows, n, layers):
        layers.head = layers[0]

    def freezing(x, rows, n, layers):
        layers[0].requires_grad_(False)

    layers = torch.nn.Sequential(torch.nn.Linear(2, 2))
    assert ran(hanging, layers=layers).changed == ["layers"]
    assert ran(freezing, layers=layers).changed == ["layers"]


def test_nan_is_the_same_as_nan():
    x = torch.tensor([1.0, float("nan")])
    assert same(x, x.clone())
    assert not same(x, torch.ones(2))
    assert not same(torch.ones(2), x)
    assert same((1, "a", [x]), (1, "a", [x.clone()]))
    assert not same([1], (1,))
    assert same(print, len), "functions are not looked at"


# --- The memory of the result -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "shared"),
    [
        (lambda x, rows, n: x, ["x"]),
        (lambda x, rows, n: x[1:], ["x"]),
        (lambda x, rows, n: x.T, ["x"]),
        (lambda x, rows, n: x.detach(), ["x"]),
        (lambda x, rows, n: [rows[0][0]], ["rows"]),
        (lambda x, rows, n: (x, rows[0][1].view(1, 1)), ["x", "rows"]),
        (lambda x, rows, n: torch.from_numpy(x.numpy()), ["x"]),
        (lambda x, rows, n: x.clone(), []),
        (lambda x, rows, n: x.T.contiguous(), []),
        (lambda x, rows, n: torch.zeros(0), []),
    ],
)
def test_a_view_on_an_argument_is_noticed(function, shared):
    assert ran(function).shared == shared


def test_a_module_made_of_the_arguments_parameters_shares_them():
    layer = torch.nn.Linear(2, 2)
    assert ran(lambda x, rows, n, layer: torch.nn.Sequential(layer), layer=layer).shared == [
        "layer"
    ]


def overwritten(*functions) -> list[bool]:
    """Call functions one after the other; return which results were overwritten."""
    runs = [ran(function) for function in functions]
    mark_overwritten(runs)
    return [run.overwritten for run in runs]


def test_a_buffer_that_is_used_again_is_noticed():
    buffer = torch.zeros(2, 3)

    def into_buffer(x, rows, n, factor=1):
        return torch.mul(x, factor, out=buffer)

    assert overwritten(into_buffer, partial(into_buffer, factor=2)) == [True, True]
    assert overwritten(into_buffer, into_buffer) == [True, True], "even with the same values"
    assert overwritten(into_buffer) == [False]


def test_a_result_that_grows_later_is_noticed():
    kept = []

    def keeping(x, rows, n):
        for tensor in kept:
            tensor.add_(1)
        kept.append(x.clone())
        return kept[-1]

    assert overwritten(keeping, keeping, keeping) == [True, True, False]


def test_new_tensors_are_not_overwritten():
    assert overwritten(*[lambda x, rows, n: x + 1] * 3) == [False] * 3
    assert overwritten(*[lambda x, rows, n: torch.zeros(0)] * 2) == [False] * 2


def test_tensors_are_found_in_nested_results():
    a, b, layer = torch.zeros(1), torch.ones(1), torch.nn.Linear(1, 1)
    found = list(tensors_in([a, (b, {"layer": layer}), "text", Liar(), Subclass(1)]))
    wanted = [a, b, layer.weight, layer.bias]
    assert [id(tensor) for tensor in found] == [id(tensor) for tensor in wanted]


# --- What is kept away from the learner, and from the verdict -----------------------------------


def test_settings_and_random_numbers_stay_as_they_are():
    def careless(x, rows, n):
        torch.manual_seed(1)
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        warnings.simplefilter("error")
        return x + torch.rand(())

    torch.manual_seed(5)
    before = torch.get_rng_state()
    filters = warnings.filters[:]
    ran(careless)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_default_dtype() is torch.float32
    assert torch.is_grad_enabled()
    assert warnings.filters == filters


def test_numbers_drawn_without_a_generator_are_the_same_in_every_check():
    first = ran(lambda x, rows, n: torch.rand(3)).parts["it"]
    torch.rand(10)
    assert torch.equal(ran(lambda x, rows, n: torch.rand(3)).parts["it"], first)


def test_gradients_can_be_taken_where_the_notebook_has_switched_them_off():
    def by_autograd(x, rows, n):
        x.requires_grad_()
        return torch.autograd.grad((x**2).sum(), x)[0]

    with torch.no_grad():
        done = ran(by_autograd)
    assert done.error is None
    assert torch.equal(done.parts["it"], torch.full((2, 3), 2.0))


def test_prints_are_collected_and_warnings_silenced(capsys, recwarn):
    def chatty(x, rows, n):
        print("half way")
        warnings.warn("careful", stacklevel=1)
        return x + 1

    assert ran(chatty).printed == "half way\n"
    assert capsys.readouterr().out == ""
    assert len(recwarn) == 0


def test_what_is_written_to_stderr_is_no_noise_either(capsys):
    assert ran(lambda x, rows, n: print("careful", file=sys.stderr)).printed == "careful\n"
    assert capsys.readouterr().err == ""


def test_of_a_flood_the_beginning_is_kept():
    def flood(x, rows, n):
        for k in range(10_000):
            print("still going round", k)

    printed = ran(flood).printed
    assert printed.startswith("still going round 0\nstill going round 1\n")
    assert LONGEST_QUOTE < len(printed) < 10 * LONGEST_QUOTE


def test_prints_before_an_error_are_kept():
    def answer(x, rows, n):
        print("so far")
        raise ValueError

    assert ran(answer).printed == "so far\n"


# --- Errors -------------------------------------------------------------------------------------


def raising(x, rows, n):
    raise ValueError("no good")  # this line


def leaving(x, rows, n):
    sys.exit("bye")


def recursing(x, rows, n):
    return recursing(x, rows, n)


def helped(x, rows, n):
    return raising(x, rows, n)


def misusing_torch(x, rows, n):
    return x @ x


@pytest.mark.parametrize(
    ("function", "kind", "words"),
    [
        (raising, ValueError, "ValueError: no good"),
        (leaving, SystemExit, "SystemExit: bye"),
        (recursing, RecursionError, "RecursionError: maximum recursion depth exceeded"),
        (misusing_torch, RuntimeError, "cannot be multiplied (2x3 and 2x3)"),
        (lambda x: x, TypeError, "positional argument"),
    ],
)
def test_an_error_is_kept_with_its_text(function, kind, words):
    done = ran(function)
    assert type(done.error) is kind
    assert done.parts == {}
    assert words in describe_error(done.error, function)


def test_the_learner_can_interrupt_a_check():
    def endless(x, rows, n):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ran(endless)


def test_the_line_is_the_learners_own():
    assert own_line(ran(raising).error, raising).endswith(
        'in raising: raise ValueError("no good")  # this line'
    )
    assert own_line(ran(misusing_torch).error, misusing_torch).endswith(
        "in misusing_torch: return x @ x"
    )


def test_in_a_helper_of_the_learners_it_is_the_helpers_line():
    assert "in raising: " in own_line(ran(helped).error, helped)


def test_a_partial_and_an_object_have_lines_too():
    class Answer:
        def __call__(self, x, rows, n):
            return x @ x

    for answer in (partial(misusing_torch), Answer()):
        assert own_line(ran(answer).error, answer).endswith("return x @ x")


def test_an_error_without_a_line_of_the_learners_is_only_told():
    done = ran(torch.sigmoid)
    assert own_line(done.error, torch.sigmoid) == ""
    assert describe_error(done.error, torch.sigmoid).startswith("TypeError: sigmoid()")


@pytest.mark.parametrize("name", ["/tmp/ipykernel_4711/123.py", "<ipython-input-3-0a1b2c>"])
def test_a_cell_of_a_notebook_has_lines(name):
    """The way Jupyter keeps the text of cells: helper and answer come from different ones."""
    helper = "def helper(x):\n    return x @ x\n"
    answer = "def answer(x, rows, n):\n    y = helper(x)\n    return y\n"
    scope = {}
    for k, text in enumerate((helper, answer)):
        file = name.replace("123", f"12{k}").replace("0a1b", f"0a1{k}")
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        exec(compile(text, file, "exec"), scope)
    error = ran(scope["answer"]).error
    assert own_line(error, scope["answer"]) == "line 2, in helper: return x @ x"
    assert describe_error(error, scope["answer"]).endswith(
        "\n\n    line 2, in helper: return x @ x"
    )


def test_an_error_that_cannot_tell_its_text_is_told_by_its_type():
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

    def answer(x, rows, n):
        raise Mute

    assert "Mute" in describe_error(ran(answer).error, answer)


def test_an_error_in_code_that_is_compiled_is_told_by_its_last_line():
    def answer(x, rows, n):
        return eval("1 +")

    assert describe_error(ran(answer).error, answer).startswith("SyntaxError: invalid syntax\n")


def test_a_very_long_error_is_cut():
    def answer(x, rows, n):
        raise ValueError("x" * 10_000)

    assert len(describe_error(ran(answer).error, answer)) < 1000


# --- Observed answers ---------------------------------------------------------------------------


def looking_closer(answer, x, rows, n):
    first = answer(x, rows, n)
    return {"width": first.shape[1], "twice the same": torch.equal(first, answer(x, rows, n))}


def test_what_is_observed_is_measured_by_name():
    done = ran(lambda x, rows, n: x + 1, observe=looking_closer)
    assert done.parts == {"width": 3, "twice the same": True}


def test_a_result_that_cannot_be_observed_is_the_answers_fault():
    nothing = made_from("def answer(x, rows, n):\n    pass", "answer")
    done = ran(nothing, observe=looking_closer)
    assert done.error is None
    assert done.structure == (
        "It returned None (is the return missing?), which cannot be used here (AttributeError)."
    )


def test_an_error_of_an_observed_answer_is_its_own():
    assert type(ran(raising, observe=looking_closer).error) is ValueError


def test_what_an_answer_returned_may_break_down_at_the_learners_line():
    def answer(x, rows, n):
        return lambda images: images @ images

    done = ran(answer, observe=lambda answer, x, rows, n: answer(x, rows, n)(x))
    assert own_line(done.error, answer).endswith("images @ images")


def test_a_result_that_cannot_be_read_is_told():
    endless = []
    endless.append(endless)
    done = ran(lambda x, rows, n: endless)
    assert done.structure == "It returned a list of 1, which cannot be used here (RecursionError)."
