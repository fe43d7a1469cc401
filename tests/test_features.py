"""What units look for: closed form, linear combination and gradient ascent, against oracles."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, linear

from tutorial_lib.features import combine_filters, maximise_activation, strongest_inputs
from tutorial_lib.stacked import StackedAutoencoder


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random_encoders(*sizes: int, gain: float = 1.0) -> list[nn.Linear]:
    stack = StackedAutoencoder(sizes[0], sizes[1:], generator=seeded())
    encoders = list(stack.classifier.encoders)
    with torch.no_grad():
        for encoder in encoders:
            encoder.weight.mul_(gain)
            encoder.bias.normal_(generator=seeded(1))
    return encoders


def pre_activations(encoders: list[nn.Linear], x: Tensor) -> Tensor:
    """The naive way: every input through every unit, (n_examples, n_units)."""
    for encoder in encoders[:-1]:
        x = torch.sigmoid(linear(x, encoder.weight, encoder.bias))
    return linear(x, encoders[-1].weight, encoders[-1].bias).detach()


class TestStrongestInputs:
    def test_is_the_row_over_its_length(self):
        weight = torch.tensor([[3.0, -4.0], [0.0, 2.0]])
        expected = torch.tensor([[0.6, -0.8], [0.0, 1.0]])
        torch.testing.assert_close(strongest_inputs(weight), expected)

    @given(st.integers(0, 2**31), st.integers(1, 8), st.integers(1, 20))
    def test_no_other_input_of_length_one_excites_a_unit_more(self, seed, n_hidden, n_visible):
        weight = torch.randn(n_hidden, n_visible, generator=seeded(seed), dtype=torch.float64)
        others = torch.randn(200, n_visible, generator=seeded(seed + 1), dtype=torch.float64)
        others /= others.norm(dim=1, keepdim=True)
        strongest = (weight * strongest_inputs(weight)).sum(dim=1)
        assert torch.all(weight @ others.T <= strongest[:, None] + 1e-12)

    def test_keeps_rows_of_zeros_and_bears_extreme_rows(self):
        rows = strongest_inputs(torch.tensor([[0.0, 0.0], [1e-30, 1e-30], [1e30, -1e30]]))
        half = math.sqrt(0.5)
        torch.testing.assert_close(rows, torch.tensor([[0.0, 0.0], [half, half], [half, -half]]))

    def test_neither_tracks_nor_changes_the_weight(self):
        weight = nn.Parameter(torch.tensor([[3.0, 4.0]]))
        assert not strongest_inputs(weight).requires_grad
        assert torch.equal(weight, torch.tensor([[3.0, 4.0]]))


class TestCombineFilters:
    def test_agrees_with_numpy(self):
        weights = [encoder.weight for encoder in random_encoders(7, 5, 4, 3)]
        first, second, third = (weight.detach().double().numpy() for weight in weights)
        product = np.einsum("kj,ji,iv->kv", third, second, first)
        expected = product / np.sqrt((product**2).sum(axis=1, keepdims=True))
        np.testing.assert_allclose(combine_filters(*weights), expected, rtol=1e-4, atol=1e-6)

    def test_keeps_the_strongest_connections_of_the_upper_layers(self):
        lower = torch.eye(3)
        upper = torch.tensor([[1.0, -3.0, 2.0]])
        kept_one = combine_filters(lower, upper, n_strongest=1)
        kept_two = combine_filters(lower, upper, n_strongest=2)
        torch.testing.assert_close(kept_one, torch.tensor([[0.0, -1.0, 0.0]]))
        torch.testing.assert_close(kept_two, torch.tensor([[0.0, -3.0, 2.0]]) / math.sqrt(13))

    def test_keeping_more_than_there_are_keeps_all(self):
        weights = [encoder.weight for encoder in random_encoders(7, 5, 4)]
        assert torch.equal(combine_filters(*weights, n_strongest=99), combine_filters(*weights))

    def test_what_cancels_is_zero(self):
        lower = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
        assert torch.equal(combine_filters(lower, torch.tensor([[1.0, -1.0]])), torch.zeros(1, 2))

    @pytest.mark.parametrize(
        ("weights", "error", "message"),
        [
            ((), ValueError, "No weight"),
            ((torch.ones(3),), ValueError, r"layer 1 has shape \(3,\)"),
            ((torch.ones(2, 3), torch.ones(2, 3)), ValueError, r"layer 2 .* expected .*, 2\)"),
            ((torch.tensor([[math.nan]]),), ValueError, "layer 1 holds NaN"),
            ((torch.ones(2, 2, dtype=torch.int64),), TypeError, "int64"),
            ((np.ones((2, 2)),), TypeError, "ndarray"),
        ],
    )
    def test_bad_weights(self, weights, error, message):
        with pytest.raises(error, match=message):
            combine_filters(*weights)

    def test_bad_number_of_connections(self):
        with pytest.raises(ValueError, match="n_strongest is 0"):
            combine_filters(torch.ones(2, 2), n_strongest=0)


class TestMaximiseActivation:
    def climb(self, encoders, **arguments) -> Tensor:
        return maximise_activation(encoders, generator=seeded(), progress=False, **arguments)

    @pytest.mark.parametrize("norm", [1.0, 9.0])
    def test_agrees_with_the_closed_form_in_layer_1(self, norm):
        encoders = random_encoders(50, 20)
        inputs = self.climb(encoders, norm=norm)
        assert cosine_similarity(inputs, strongest_inputs(encoders[0].weight)).min() > 0.9999
        torch.testing.assert_close(inputs.norm(dim=1), torch.full((20,), norm))

    @pytest.mark.parametrize("norm", [1.0, 4.0])
    @pytest.mark.parametrize("depth", [2, 3])
    def test_finds_the_highest_point_of_a_circle(self, depth, norm):
        # Inputs of two numbers: the whole circle can be searched, which is the oracle.
        encoders = random_encoders(2, 6, 5, 4)[:depth]
        angles = torch.linspace(0, 2 * math.pi, 20_000)
        circle = norm * torch.stack([angles.cos(), angles.sin()], dim=1)
        highest = pre_activations(encoders, circle).amax(dim=0)
        found = pre_activations(encoders, self.climb(encoders, norm=norm, n_restarts=10)).diag()
        torch.testing.assert_close(found, highest, rtol=1e-3, atol=1e-3)

    def test_beats_the_linear_guess_where_units_saturate(self):
        encoders = random_encoders(30, 20, 10, gain=2.0)
        guess = 5 * combine_filters(*(encoder.weight for encoder in encoders))
        found = pre_activations(encoders, self.climb(encoders, norm=5.0)).diag()
        assert torch.all(found > pre_activations(encoders, guess).diag())

    def test_is_not_stalled_by_the_unit_s_own_sigmoid(self):
        encoders = random_encoders(20, 10)
        with torch.no_grad():
            encoders[0].bias.fill_(-1000)  # sigmoid(-1000) and its gradient are 0
        inputs = self.climb(encoders)
        assert cosine_similarity(inputs, strongest_inputs(encoders[0].weight)).min() > 0.9999

    def test_depth_and_units_choose(self):
        encoders = random_encoders(12, 8, 6, 4)
        all_units = self.climb(encoders, depth=2)
        some_units = self.climb(encoders[:2], units=[5, 0])
        torch.testing.assert_close(some_units, all_units[[5, 0]], rtol=0, atol=1e-2)

    def test_more_restarts_are_never_worse(self):
        encoders = random_encoders(6, 30, 20, gain=4.0)
        once, often = (
            pre_activations(encoders, self.climb(encoders, norm=6.0, n_restarts=n)).diag()
            for n in (1, 30)
        )
        assert torch.all(often >= once - 1e-2)
        assert torch.any(often > once + 1e-2)

    def test_the_same_generator_gives_the_same_inputs(self):
        encoders = random_encoders(12, 8, 6)
        assert torch.equal(self.climb(encoders), self.climb(encoders))

    def test_leaves_the_layers_alone_even_without_gradients_around(self):
        encoders = random_encoders(12, 8, 6)
        before = [encoder.weight.clone() for encoder in encoders]
        with torch.no_grad():
            inputs = self.climb(encoders)
        assert not inputs.requires_grad
        assert all(torch.equal(e.weight, b) for e, b in zip(encoders, before, strict=True))
        assert all(p.grad is None for encoder in encoders for p in encoder.parameters())

    def test_a_unit_that_nothing_moves_has_no_input(self):
        encoders = random_encoders(12, 8, 6)
        with torch.no_grad():
            encoders[1].weight[3] = 0
        inputs = self.climb(encoders)
        assert torch.equal(inputs[3], torch.zeros(12))
        assert torch.all(inputs[[0, 1, 2, 4, 5]].norm(dim=1) > 0.999)

    def test_layers_may_lack_biases_and_come_from_a_generator(self):
        layers = [nn.Linear(4, 3, bias=False, dtype=torch.float64)]
        inputs = self.climb(layer for layer in layers)
        torch.testing.assert_close(inputs, strongest_inputs(layers[0].weight), rtol=0, atol=1e-3)

    def test_progress_is_shown_or_silent(self, capsys):
        encoders = random_encoders(4, 3)
        self.climb(encoders)
        assert capsys.readouterr() == ("", "")
        maximise_activation(encoders, n_steps=2)
        assert "activation maximisation" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"depth": 0}, "depth is 0; .* 1 to 2"),
            ({"depth": 3}, "depth is 3; .* 1 to 2"),
            ({"units": [6]}, r"units is \[6\]; .* 0 to 5"),
            ({"units": [-1]}, "units is"),
            ({"units": []}, "units is"),
            ({"norm": 0.0}, "norm is 0"),
            ({"norm": math.nan}, "norm is nan"),
            ({"norm": math.inf}, "norm is inf"),
            ({"learning_rate": -1.0}, "learning_rate is -1"),
            ({"n_steps": 0}, "n_steps is 0"),
            ({"n_restarts": 0}, "n_restarts is 0"),
        ],
    )
    def test_bad_arguments(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            self.climb(random_encoders(12, 8, 6), **arguments)

    def test_bad_encoders(self):
        with pytest.raises(ValueError, match="No weight"):
            self.climb([])
        with pytest.raises(TypeError, match=r"nn\.Linear"):
            self.climb([nn.Linear(3, 2), nn.Sigmoid()])
        with pytest.raises(ValueError, match="layer 2 has shape"):
            self.climb([nn.Linear(3, 2), nn.Linear(3, 2)])
        diverged = random_encoders(3, 2)
        with torch.no_grad():
            diverged[0].weight[0, 0] = math.inf
        with pytest.raises(ValueError, match="diverge"):
            self.climb(diverged)
