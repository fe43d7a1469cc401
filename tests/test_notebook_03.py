"""What notebook 03 says in numbers holds when it is run."""

from collections.abc import Callable

import pytest

from tutorial_lib.study import load_study

NAME = "03_fine_tuning"


@pytest.fixture(scope="module")
def numbers(finished) -> Callable[[str, str], list[float]]:
    return finished(NAME).numbers


@pytest.fixture(scope="module")
def printed(finished) -> Callable[[str], str]:
    return finished(NAME).printed


def test_the_lazy_classifier_is_wrong_for_all_but_the_ones(numbers):
    assert numbers("digits-load", "always saying 1:") == [88.65]  # 1,135 ones in 10,000


def test_a_naive_softmax_breaks_and_the_stable_one_does_not(printed):
    assert "nan" in printed("softmax-naive")
    first, second = printed("softmax-compare").split("tensor(")[1].split("],")
    assert "nan" not in first + second
    assert first.strip(" [])\n") == second.strip(" [])\n")


def test_knowing_nothing_costs_the_logarithm_of_ten(printed):
    assert printed("cost-start") == "2.3026 nats per digit\n"


def test_the_first_code_beats_pixels_and_the_second_does_not(numbers):
    (pixels,), (first,), (second,) = (
        numbers("before", title) for title in ("pixels", "first code", "second code")
    )
    assert first == pytest.approx(5.2, abs=0.7)
    assert pixels == pytest.approx(7.4, abs=0.4)
    assert second == pytest.approx(13.4, abs=1.2)


def test_the_gradient_passes_stanfords_check(printed):
    assert float(printed("numerical-run").splitlines()[-1]) < 1e-9
    assert float(printed("autograd-run")) < 1e-14


def test_few_labels_mend_what_the_softmax_alone_could_not(numbers):
    (before,), (after,) = numbers("few-tune", "before"), numbers("few-tune", "after")
    (second,) = numbers("before", "second code")
    assert before == second
    assert after < 0.6 * before
    assert numbers("few-library", "difference:")[0] < 1e-4


def test_tuning_lets_the_encoders_grow_and_the_softmax_shrink(numbers):
    before, after = numbers("decay-sizes", "before"), numbers("decay-sizes", "after")
    assert before == pytest.approx([27, 19, 36], abs=3)
    assert after == pytest.approx([64, 56, 12], rel=0.2)


def test_decaying_every_layer_gives_pretraining_back(numbers):
    kept, *large, softmax = numbers("decay-tune", "softmax only ")
    lost, *small, _ = numbers("decay-tune", "every layer ")
    assert lost > 1.4 * kept
    assert min(large) > 35
    assert max(small) < 15
    assert 4 < softmax < 9


def test_fine_tuning_reaches_98_percent_under_another_name(numbers):
    before, _ = numbers("full-judge", "before:")
    after, right = numbers("full-judge", "after:")
    assert [before] == numbers("before", "second code")
    assert after == pytest.approx(1.9, abs=0.3)
    assert right > 97.6  # Stanford's


def test_the_last_epoch_has_the_validation_error_of_the_whole_curve(numbers):
    (last,) = numbers("full-train", "validation error after the last epoch:")
    (lowest,) = numbers("curve-rules", "all ")[1:]
    assert lowest <= last == pytest.approx(lowest, abs=0.5)


def test_the_reconstruction_is_drawn_before_and_after(finished):
    assert len(finished(NAME).figures("reconstruction-figure")) == 1


def test_the_strict_rule_saves_epochs_and_costs_little(numbers):
    strict, published = (
        numbers("curve-rules", rule)[-3:] for rule in ("(5, 1.3, 0.95):", "(10, 2, 0.995):")
    )
    n_epochs, lowest = numbers("curve-rules", "all ")
    assert strict[0] < published[0] == n_epochs == 20
    assert strict[1] <= strict[0]
    assert published[2] == lowest
    assert strict[0] == pytest.approx(12, abs=4)
    assert strict[2] - lowest < 0.35


def test_pretraining_wins_in_every_column(numbers):
    for n_labels, least in (("  100", 2), ("1,000", 0.5)):
        random, pretrained = (
            numbers("random-run", f"{start} {n_labels} labels:")
            for start in ("random start", "pre-trained ")
        )
        assert len(random) == len(pretrained) == 3
        differences = [a - b for a, b in zip(random, pretrained, strict=True)]
        assert min(differences) > least
        mean, margin = numbers("random-pairs", f"{n_labels} labels:")
        assert mean == pytest.approx(sum(differences) / 3, abs=0.11)
        assert mean > margin


def test_the_stored_study_is_the_long_one(printed):
    study = load_study()
    assert study.n_labels == [100, 1_000, 10_000, 50_000]
    assert study.depths == [1, 2, 3, 5]
    assert study.seeds == [0, 1, 2, 3, 4]
    assert study.about["command"] in printed("study-figure")


def test_the_study_says_what_the_text_says(numbers):
    table = {depth: numbers("study-table", f"depth {depth}:") for depth in (1, 2, 3, 5)}
    assert table[5] == [7.93, 3.07, 3.30, 0.68, 0.73, 0.21, 0.15, 0.14]
    assert table[3][4:6] == [0.32, 0.34]
    clear = {
        depth: [n for n in range(4) if row[2 * n] > row[2 * n + 1]] for depth, row in table.items()
    }
    assert clear == {1: [0, 1, 2], 2: [0, 1, 2], 3: [0, 1], 5: [0, 1, 2, 3]}


def test_the_pretrained_start_reaches_the_lower_cost_at_every_depth(numbers):
    for depth in (1, 2, 3, 5):
        random, pretrained = (
            numbers("study-cost", f"{start:10} depth {depth}:")[::2]
            for start in ("random", "pretrained")
        )
        assert all(a < b for a, b in zip(pretrained, random, strict=True))
        assert random[1] < 0.004
        if depth >= 3:
            assert random[0] > 0.15
            assert pretrained[0] < 0.08
