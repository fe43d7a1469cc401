"""The recipes: every published constant, and what the presets may change."""

from dataclasses import FrozenInstanceError, fields, replace
from typing import get_args

import pytest

from tutorial_lib import schedules
from tutorial_lib import settings as settings_module
from tutorial_lib.recipes import Preset, Recipe, RecipeName, get_recipe
from tutorial_lib.settings import EarlyStopping, Pretraining
from tutorial_lib.stacked import StackedAutoencoder

EVERY = [(name, preset) for name in get_args(RecipeName) for preset in get_args(Preset)]


def built(recipe: Recipe) -> StackedAutoencoder:
    return StackedAutoencoder(
        784,
        recipe.hidden_sizes,
        tied=recipe.tied,
        initialisation=recipe.initialisation,
        softmax_bias=recipe.softmax_bias,
    )


def n_parameters(module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def differing(one: object, other: object) -> set[str]:
    """The names of the fields in which two settings differ."""
    return {f.name for f in fields(one) if getattr(one, f.name) != getattr(other, f.name)}


def test_the_names_are_those_of_the_command():
    assert get_args(RecipeName) == ("ufldl", "sda")
    assert get_args(Preset) == ("quick", "full", "as-published")


@pytest.mark.parametrize(("name", "preset"), EVERY)
def test_each_recipe_is_what_was_asked_for_and_whole(name, preset):
    recipe = get_recipe(name, preset)
    assert (recipe.name, recipe.preset) == (name, preset)
    assert len(recipe.pretraining) == len(recipe.hidden_sizes)
    assert all(isinstance(layer, Pretraining) for layer in recipe.pretraining)


def test_full_is_the_default():
    assert get_recipe("ufldl") is get_recipe("ufldl", "full")


@pytest.mark.parametrize("preset", ["full", "as-published"])
def test_ufldl_has_the_published_constants(preset):
    recipe = get_recipe("ufldl", preset)
    assert recipe.hidden_sizes == (200, 200)
    assert recipe.n_train == 60_000
    assert recipe.initialisation == "ufldl"
    assert recipe.tied is False
    assert recipe.softmax_bias is False
    for layer in recipe.pretraining:
        assert layer.optimiser == "lbfgs"
        assert layer.n_epochs == 400
        assert layer.loss == "squared_error"
        assert layer.weight_decay == 0.003
        assert layer.sparsity_target == 0.1
        assert layer.sparsity_weight == 3
        assert layer.corruption_level == 0
    assert recipe.softmax is not None
    assert recipe.softmax.n_epochs == 100
    assert recipe.fine_tuning.n_epochs == 400
    for top in (recipe.softmax, recipe.fine_tuning):
        assert top.optimiser == "lbfgs"
        assert top.weight_decay == 0.003
        assert top.early_stopping is None


def test_ufldl_has_the_published_numbers_of_parameters():
    stack = built(get_recipe("ufldl", "as-published"))
    assert [n_parameters(layer) for layer in stack.layers()] == [314_584, 80_400]
    assert n_parameters(stack.classifier) == 199_200


def test_ufldl_full_is_the_original_to_the_letter():
    assert differing(get_recipe("ufldl", "full"), get_recipe("ufldl", "as-published")) == {"preset"}


def test_ufldl_quick_only_has_fewer_images_and_iterations():
    quick, full = get_recipe("ufldl", "quick"), get_recipe("ufldl", "full")
    assert quick.n_train < full.n_train
    for given, original in (
        *zip(quick.pretraining, full.pretraining, strict=True),
        (quick.softmax, full.softmax),
        (quick.fine_tuning, full.fine_tuning),
    ):
        assert given.n_epochs < original.n_epochs
        assert differing(given, original) == {"n_epochs"}
    stages = {"pretraining", "softmax", "fine_tuning"}
    assert differing(quick, full) == {"preset", "n_train"} | stages


def test_sda_as_published_has_the_published_constants():
    recipe = get_recipe("sda", "as-published")
    assert recipe.hidden_sizes == (1000, 1000, 1000)
    assert recipe.n_train == 50_000
    assert recipe.initialisation == "sda"
    assert recipe.tied is True
    assert recipe.softmax_bias is True
    assert recipe.softmax is None
    assert [layer.corruption_level for layer in recipe.pretraining] == [0.1, 0.2, 0.3]
    for layer in recipe.pretraining:
        assert layer.n_epochs == 15
        assert layer.learning_rate == 0.001
        assert layer.corruption == "masking"
        assert layer.loss == "cross_entropy"
        assert layer.sparsity_weight == 0
    fine_tuning = recipe.fine_tuning
    assert fine_tuning.n_epochs == 1000
    assert fine_tuning.learning_rate == 0.1
    assert fine_tuning.corruption_level == 0
    assert fine_tuning.adversarial_level == 0
    rule = EarlyStopping(patience=10, patience_increase=2, improvement_threshold=0.995)
    assert fine_tuning.early_stopping == rule
    assert fine_tuning.restore_best is True  # the reported error is that of the best epoch
    for stage in (*recipe.pretraining, fine_tuning):
        assert stage.optimiser == "sgd"
        assert stage.batch_size == 1
        assert stage.weight_decay == 0
        assert stage.shuffle is False  # the original never changes the order of the data


def test_sda_has_the_published_number_of_parameters():
    classifier = built(get_recipe("sda", "as-published")).classifier
    assert n_parameters(classifier) == 2_797_010


def test_sda_full_is_the_published_network_trained_otherwise():
    full, original = get_recipe("sda", "full"), get_recipe("sda", "as-published")
    assert differing(full, original) == {"preset", "pretraining", "fine_tuning"}
    how = {"n_epochs", "optimiser", "learning_rate", "batch_size", "shuffle"}
    for given, published in zip(full.pretraining, original.pretraining, strict=True):
        assert differing(given, published) <= how
    noise = {"corruption_level", "corruption", "adversarial_level"}
    assert differing(full.fine_tuning, original.fine_tuning) <= how | noise | {"early_stopping"}


def test_sda_quick_has_the_published_depth_and_corruption_with_smaller_layers():
    quick, full = get_recipe("sda", "quick"), get_recipe("sda", "full")
    assert differing(quick, full) <= {"preset", "hidden_sizes", "pretraining", "fine_tuning"}
    assert len(quick.hidden_sizes) == 3
    assert all(size <= 1000 for size in quick.hidden_sizes)
    assert [layer.corruption_level for layer in quick.pretraining] == [0.1, 0.2, 0.3]
    assert all(layer.loss == "cross_entropy" for layer in quick.pretraining)


@pytest.mark.parametrize("preset", get_args(Preset))
def test_the_published_results_stand_beside_every_preset(preset):
    assert get_recipe("ufldl", preset).published == {
        "accuracy_before_fine_tuning": 87.7,
        "test_accuracy": 97.6,
    }
    assert get_recipe("sda", preset).published == pytest.approx(
        {
            "validation_error": 1.39,
            "test_error": 1.3,
            "seconds.pretraining": 35_100.6,  # 585.01 minutes
            "seconds.fine_tuning": 26_652,  # 444.2 minutes
            "seconds.total": 61_752.6,
        },
        rel=1e-12,
    )


@pytest.mark.parametrize(("name", "preset"), EVERY)
def test_a_recipe_cannot_be_changed_by_accident(name, preset):
    recipe = get_recipe(name, preset)
    with pytest.raises(FrozenInstanceError):
        recipe.n_train = 1
    with pytest.raises(FrozenInstanceError):
        recipe.pretraining[0].n_epochs = 1
    with pytest.raises(FrozenInstanceError):
        recipe.fine_tuning.learning_rate = 1.0
    assert replace(recipe, n_train=1).n_train == 1
    assert get_recipe(name, preset) is recipe


@pytest.mark.parametrize("name", ["dbn", "SDA", "", None, 1])
def test_an_unknown_recipe_is_refused_with_the_choices(name):
    with pytest.raises(ValueError, match=f"^name is {name!r}; choose one of 'ufldl', 'sda'"):
        get_recipe(name)


@pytest.mark.parametrize("preset", ["slow", "as published", None])
def test_an_unknown_preset_is_refused_with_the_choices(preset):
    choices = "'quick', 'full', 'as-published'"
    with pytest.raises(ValueError, match=f"^preset is {preset!r}; choose one of {choices}"):
        get_recipe("sda", preset)


def test_a_recipe_tells_by_its_repr_what_it_is():
    """Checkpoints tell by the repr of settings whether they belong to the training at hand."""
    for name, preset in EVERY:
        recipe = get_recipe(name, preset)
        for settings in (*recipe.pretraining, recipe.fine_tuning):
            assert " at 0x" not in repr(settings)
            assert eval(repr(settings), vars(schedules) | vars(settings_module)) == settings
