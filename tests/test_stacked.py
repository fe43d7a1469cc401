"""The stack: two facades over the same tensors, and the order of encoders and decoders."""

import copy
import re

import numpy as np
import pytest
import torch
from numpy_oracles import sigmoid
from torch import nn

from tutorial_lib.stacked import Classifier, StackedAutoencoder

SIZES = (9, [7, 5, 3])  # all different, so that no wrong order can pass


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def make_stack(**options) -> StackedAutoencoder:
    """A stack in float64 whose biases and softmax are not 0, so that each one matters."""
    stack = StackedAutoencoder(*SIZES, n_classes=4, generator=seeded(), **options).double()
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter += 0.1 * torch.randn(
                parameter.shape, generator=seeded(1), dtype=torch.float64
            )
    return stack


def arrays(*tensors: torch.Tensor) -> list[np.ndarray]:
    return [tensor.detach().numpy() for tensor in tensors]


X = torch.rand(6, 9, dtype=torch.float64, generator=seeded(2))


@pytest.mark.parametrize("tied", [True, False])
def test_each_tensor_exists_once(tied: bool) -> None:
    stack = make_stack(tied=tied)
    state = stack.state_dict()
    assert len(state) == 3 * (3 if tied else 4) + 2
    assert len({tensor.untyped_storage().data_ptr() for tensor in state.values()}) == len(state)
    n_parameters = sum(p.numel() for p in stack.parameters())
    assert n_parameters == sum(tensor.numel() for tensor in state.values())
    assert not any("classifier" in name for name in state)


@pytest.mark.parametrize("tied", [True, False])
def test_the_classifier_is_a_view(tied: bool) -> None:
    stack = make_stack(tied=tied)
    classifier = stack.classifier
    assert classifier.softmax is stack.softmax
    for k in range(3):
        assert classifier.encoders[k] is stack.autoencoders[k].encoder
        assert classifier.layers[k].weight is stack.autoencoders[k].encoder.weight
    assert classifier.layers[3] is stack.softmax
    theirs = {id(p) for p in classifier.parameters()}
    assert theirs <= {id(p) for p in stack.parameters()}
    rest = {name for name, p in stack.named_parameters() if id(p) not in theirs}
    ends = {"visible_bias"} | (set() if tied else {"own_decoder_weight"})
    assert rest == {f"autoencoders.{k}.{end}" for k in range(3) for end in ends}


def test_a_copy_of_a_stack_is_as_well_shared_as_the_original() -> None:
    stack = copy.deepcopy(make_stack())
    assert stack.classifier.encoders[1] is stack.autoencoders[1].encoder
    tied = stack.autoencoders[1]
    assert tied.decoder_weight.data_ptr() == tied.encoder.weight.data_ptr()


@pytest.mark.parametrize("tied", [True, False])
def test_encoding_and_decoding_run_through_the_layers_in_order(tied: bool) -> None:
    stack = make_stack(tied=tied)
    one, two, three = stack.autoencoders
    codes = [X.numpy()]
    for layer in (one, two, three):
        w, b = arrays(layer.encoder.weight, layer.encoder.bias)
        codes.append(sigmoid(codes[-1] @ w.T + b))
    restored = codes[3]
    for layer in (three, two, one):
        v, c = arrays(layer.decoder_weight, layer.visible_bias)
        restored = sigmoid(restored @ v.T + c)
    for depth in range(4):
        np.testing.assert_allclose(arrays(stack.encode(X, depth=depth))[0], codes[depth])
    np.testing.assert_allclose(arrays(stack.encode(X))[0], codes[3])
    for code, expected in zip(stack.encode_layers(X), codes[1:], strict=True):
        np.testing.assert_allclose(arrays(code)[0], expected)
    np.testing.assert_allclose(arrays(stack.decode(stack.encode(X)))[0], restored)
    np.testing.assert_allclose(arrays(stack(X))[0], restored)


def test_decoding_from_a_lower_depth_uses_the_decoders_below_it_only() -> None:
    stack = make_stack()
    code = stack.encode(X, depth=2)
    expected = stack.autoencoders[0].decode(stack.autoencoders[1].decode(code))
    torch.testing.assert_close(stack.decode(code, depth=2), expected)
    assert stack.decode(X, depth=0) is X


def test_the_printed_formula_asks_for_a_shape_that_does_not_fit() -> None:
    """UFLDL prints decoder n on the input of layer n, where it takes that layer's code."""
    stack = make_stack(tied=False)
    for k, layer in enumerate(stack.autoencoders):
        entering = stack.encode(X, depth=k)
        with pytest.raises(ValueError, match="code has shape"):
            layer.decode(entering)
        assert layer.decode(layer.encode(entering)).shape == entering.shape


@pytest.mark.parametrize("depth", [-1, 4])
def test_a_depth_that_the_stack_does_not_have_is_refused(depth: int) -> None:
    stack = make_stack()
    for call in (stack.encode, stack.decode):
        with pytest.raises(ValueError, match=f"depth is {depth}; this stack has layers 1 to 3"):
            call(X, depth=depth)


def test_a_code_of_another_layer_is_refused() -> None:
    with pytest.raises(
        ValueError, match=re.escape("code has shape (6, 5); expected (n_examples, 3)")
    ):
        make_stack().decode(torch.rand(6, 5, dtype=torch.float64))


@pytest.mark.parametrize("softmax_bias", [True, False])
def test_the_classifier_computes_logits_and_labels(softmax_bias: bool) -> None:
    stack = make_stack(softmax_bias=softmax_bias)
    logits = stack.encode(X).detach().numpy() @ stack.softmax.weight.detach().numpy().T
    if softmax_bias:
        logits = logits + stack.softmax.bias.detach().numpy()
    else:
        assert stack.softmax.bias is None
        assert "softmax.bias" not in stack.state_dict()
    np.testing.assert_allclose(arrays(stack.classifier(X))[0], logits)
    labels = stack.classifier.predict(X)
    assert labels.dtype == torch.int64
    assert labels.tolist() == logits.argmax(axis=1).tolist()
    assert not stack.classifier.predict(X).requires_grad


def test_initial_softmax() -> None:
    assert not StackedAutoencoder(5, [400], generator=seeded()).softmax.weight.any()
    ufldl = StackedAutoencoder(5, [400], initialisation="ufldl", generator=seeded()).softmax
    assert ufldl.weight.std().item() == pytest.approx(0.005, rel=0.05)
    assert abs(ufldl.weight.mean()) < 5 * 0.005 / 4000**0.5
    assert not ufldl.bias.any()


def test_options_reach_every_layer_and_layers_differ() -> None:
    stack = StackedAutoencoder(6, [6, 6], tied=False, initialisation="ufldl", generator=seeded())
    bound = (6 / 13) ** 0.5
    one, two = stack.autoencoders
    for layer in (one, two):
        assert not layer.tied
        assert bound / 2 < layer.encoder.weight.abs().max() <= bound
    assert not torch.equal(one.encoder.weight, two.encoder.weight)


def test_the_generator_alone_decides_a_new_stack() -> None:
    states = [
        StackedAutoencoder(5, [4, 3], initialisation="ufldl", generator=seeded(s)).state_dict()
        for s in (1, 1, 2)
    ]
    for name, tensor in states[0].items():
        assert torch.equal(tensor, states[1][name])
        if name.endswith("weight"):
            assert not torch.equal(tensor, states[2][name])


@pytest.mark.parametrize(
    ("hidden_sizes", "message"),
    [
        ([], r"hidden_sizes is \[\]; expected a list of sizes, at least one"),
        (100, "hidden_sizes is 100; expected a list of sizes"),
        ([5, 0, 3], "n_hidden is 0; expected at least 1"),
    ],
)
def test_wrong_hidden_sizes_are_refused(hidden_sizes: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        StackedAutoencoder(5, hidden_sizes)


def test_wrong_numbers_of_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="n_classes is 1; expected at least 2"):
        StackedAutoencoder(5, [3], n_classes=1)
    with pytest.raises(TypeError, match=r"n_classes is 10\.0; expected a whole number"):
        StackedAutoencoder(5, [3], n_classes=10.0)


def test_a_classifier_of_layers_that_do_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="Layer 1 gives 4 values but layer 2 takes 3"):
        Classifier([nn.Linear(5, 4), nn.Linear(3, 2)], nn.Linear(2, 2))
    with pytest.raises(ValueError, match="Layer 2 gives 3 values but layer 3 takes 4"):
        Classifier([nn.Linear(5, 4), nn.Linear(4, 3)], nn.Linear(4, 2))


def test_a_classifier_without_encoders_is_softmax_regression() -> None:
    softmax = nn.Linear(5, 2)
    x = torch.rand(3, 5)
    torch.testing.assert_close(Classifier([], softmax)(x), softmax(x))


def test_the_classifier_refuses_pictures_of_another_size() -> None:
    with pytest.raises(ValueError, match=r"x has shape \(6, 8\); expected \(n_examples, 9\)"):
        make_stack().classifier(X[:, :8])
