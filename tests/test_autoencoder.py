"""Corruption: what it changes, how often, and what it leaves alone. One autoencoder: its parts."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tutorial_lib.autoencoder import Autoencoder, corrupt

KINDS = ["masking", "gaussian", "salt_and_pepper"]
DTYPES = [torch.float32, torch.float64, torch.bfloat16]


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def standard_errors(share: float, expected: float, n: int) -> float:
    return abs(share - expected) / math.sqrt(expected * (1 - expected) / n)


@pytest.mark.parametrize("level", [0.001, 0.1, 0.3, 0.5, 0.999])
@pytest.mark.parametrize("dtype", DTYPES)
def test_masking_hides_the_share_asked_for(level: float, dtype: torch.dtype) -> None:
    x = torch.full((500, 401), 0.75, dtype=dtype)
    noisy = corrupt(x, level, generator=seeded())
    assert noisy.dtype == dtype
    assert set(noisy.unique().tolist()) == {0, 0.75}, "survivors keep their value"
    assert standard_errors((noisy == 0).double().mean().item(), level, x.numel()) < 4.5


def test_masking_treats_all_entries_alike_and_independently() -> None:
    hidden = torch.stack(
        [corrupt(torch.ones(7, 5), 0.3, generator=g) == 0 for g in [seeded()] * 9000]
    )
    hidden = hidden.flatten(1).double()
    assert (hidden.mean(0) - 0.3).abs().max() < 5 * math.sqrt(0.21 / 9000)
    correlation = torch.corrcoef(hidden.T) - torch.eye(35)
    assert correlation.abs().max() < 5.5 / math.sqrt(9000)


@pytest.mark.parametrize("level", [0.1, 0.4, 0.9])
@pytest.mark.parametrize("dtype", DTYPES)
def test_salt_and_pepper_come_in_equal_shares(level: float, dtype: torch.dtype) -> None:
    x = torch.full((500, 401), 0.25, dtype=dtype)
    noisy = corrupt(x, level, kind="salt_and_pepper", generator=seeded())
    assert noisy.dtype == dtype
    assert set(noisy.unique().tolist()) == {0, 0.25, 1}
    for value in (0, 1):
        share = (noisy == value).double().mean().item()
        assert standard_errors(share, level / 2, x.numel()) < 4.5


@pytest.mark.parametrize("level", [0.05, 0.5, 3.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gaussian_noise_has_the_moments_of_a_normal(level: float, dtype: torch.dtype) -> None:
    x = torch.rand(500, 401, generator=seeded(1), dtype=dtype)
    noisy = corrupt(x, level, kind="gaussian", generator=seeded())
    z = ((noisy - x) / level).double().flatten()
    n = z.numel()
    assert noisy.dtype == dtype
    assert abs(z.mean()) < 4.5 / math.sqrt(n)
    assert abs(z.square().mean() - 1) < 4.5 * math.sqrt(2 / n)
    assert abs(z.pow(3).mean()) < 4.5 * math.sqrt(15 / n)
    assert abs(z.pow(4).mean() - 3) < 4.5 * math.sqrt(96 / n)
    assert abs(torch.corrcoef(torch.stack([z, x.double().flatten()]))[0, 1]) < 4.5 / math.sqrt(n)


@pytest.mark.parametrize("kind", KINDS)
@given(
    shape=st.lists(st.integers(0, 9), max_size=3),
    level=st.floats(0, 1, exclude_max=True),
    dtype=st.sampled_from(DTYPES),
)
def test_any_shape_and_level_leaves_the_input_alone(kind, shape, level, dtype) -> None:
    x = torch.rand(shape, generator=seeded(2)).to(dtype)
    before = x.clone()
    noisy = corrupt(x, level, kind=kind, generator=seeded(3))
    assert torch.equal(x, before)
    assert (noisy.shape, noisy.dtype) == (x.shape, dtype)
    assert noisy.data_ptr() != x.data_ptr() or x.numel() == 0
    if kind != "gaussian":
        allowed = (noisy == x) | (noisy == 0) | ((noisy == 1) & (kind == "salt_and_pepper"))
        assert allowed.all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_generator_alone_decides_the_noise(kind: str) -> None:
    x = torch.rand(11, 13, generator=seeded(1))
    first = corrupt(x, 0.3, kind=kind, generator=seeded(5))
    torch.rand(3)  # the global generator has no say
    assert torch.equal(first, corrupt(x, 0.3, kind=kind, generator=seeded(5)))
    assert not torch.equal(first, corrupt(x, 0.3, kind=kind, generator=seeded(6)))
    generator = seeded(5)
    corrupt(x, 0.3, kind=kind, generator=generator)
    assert not torch.equal(first, corrupt(x, 0.3, kind=kind, generator=generator))


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_generator_the_global_seed_decides(kind: str) -> None:
    x = torch.rand(11, 13, generator=seeded(1))
    results = []
    with torch.random.fork_rng(devices=[]):
        for seed in (1, 1, 2):
            torch.manual_seed(seed)
            results.append(corrupt(x, 0.3, kind=kind))
    assert torch.equal(results[0], results[1])
    assert not torch.equal(results[0], results[2])


@pytest.mark.parametrize("kind", KINDS)
def test_level_zero_gives_an_equal_copy_and_draws_nothing(kind: str) -> None:
    x, generator = torch.rand(3, 5), seeded()
    noisy = corrupt(x, 0, kind=kind, generator=generator)
    assert torch.equal(noisy, x)
    noisy.zero_()
    assert x.max() > 0
    assert torch.equal(generator.get_state(), seeded().get_state())


@pytest.mark.parametrize("level", [1 - 1e-5, 1 - 1e-7, math.nextafter(1, 0)])
def test_a_level_next_to_one_hides_nearly_everything(level: float) -> None:
    x = torch.full((100, 100), 0.5)
    assert (corrupt(x, level, generator=seeded()) == 0).double().mean() > 0.99
    salted = corrupt(x, level, kind="salt_and_pepper", generator=seeded())
    assert (salted == 0.5).double().mean() < 0.01


@pytest.mark.parametrize("kind", ["masking", "salt_and_pepper"])
@pytest.mark.parametrize("level", [-0.1, 1, 1.5, 30, math.nan, math.inf])
def test_a_level_that_is_no_fraction_is_refused(kind: str, level: float) -> None:
    with pytest.raises(
        ValueError, match=f"corruption_level is {level}; expected .*not a percentage"
    ):
        corrupt(torch.ones(2, 2), level, kind=kind)


@pytest.mark.parametrize("level", [-0.1, math.nan, math.inf])
def test_a_standard_deviation_below_zero_or_infinite_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match=f"corruption_level is {level}"):
        corrupt(torch.ones(2, 2), level, kind="gaussian")


@pytest.mark.parametrize("kind", KINDS)
def test_input_that_is_no_tensor_of_floats_is_refused(kind: str) -> None:
    with pytest.raises(TypeError, match=r"x has dtype torch\.uint8; convert it"):
        corrupt(torch.ones(2, 2, dtype=torch.uint8), 0.1, kind=kind)
    with pytest.raises(TypeError, match=r"x is a list; pass a torch\.Tensor"):
        corrupt([[1.0]], 0.1, kind=kind)


def test_an_unknown_kind_is_refused_with_the_choices() -> None:
    with pytest.raises(ValueError, match="kind is 'dropout'; choose one of 'masking', 'gaussian'"):
        corrupt(torch.ones(2, 2), 0.1, kind="dropout")


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize(
    ("initialisation", "bound"),
    [("sda", 4 * math.sqrt(6 / 300)), ("ufldl", math.sqrt(6 / 301))],
)
def test_initial_weights_fill_the_published_range(tied: bool, initialisation, bound: float) -> None:
    model = Autoencoder(200, 100, tied=tied, initialisation=initialisation, generator=seeded())
    for weight in [p.detach() for p in model.parameters() if p.ndim == 2]:
        assert weight.abs().max() <= bound
        assert weight.max() > 0.999 * bound
        assert weight.min() < -0.999 * bound
        assert abs(weight.mean()) < 5 * bound / math.sqrt(3 * weight.numel())
        assert weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.02)
    assert not model.encoder.bias.any()
    assert not model.visible_bias.any()


def test_the_generator_alone_decides_the_initial_weights() -> None:
    global_state = torch.get_rng_state()
    first, again, other = (
        Autoencoder(6, 4, tied=False, generator=seeded(s)).state_dict() for s in (1, 1, 2)
    )
    assert torch.equal(global_state, torch.get_rng_state())
    for name in ("encoder.weight", "own_decoder_weight"):
        assert torch.equal(first[name], again[name])
        assert not torch.equal(first[name], other[name])
    assert not torch.equal(first["encoder.weight"].T, first["own_decoder_weight"])


def test_tied_means_one_tensor_seen_twice() -> None:
    model = Autoencoder(6, 4)
    weight = model.encoder.weight
    assert model.tied
    assert model.decoder_weight.shape == (6, 4)
    assert model.decoder_weight.data_ptr() == weight.data_ptr()
    assert sorted(model.state_dict()) == ["encoder.bias", "encoder.weight", "visible_bias"]
    with torch.no_grad():
        weight[1, 2] = 7
    assert model.decoder_weight[2, 1] == 7
    x = torch.rand(3, 6)
    model(x).sum().backward()
    assert weight.grad is not None, "autograd sees through the view"


def test_untied_weights_share_nothing() -> None:
    model = Autoencoder(6, 4, tied=False)
    assert not model.tied
    assert model.decoder_weight.shape == (6, 4)
    assert sorted(model.state_dict()) == [
        *("encoder.bias", "encoder.weight", "own_decoder_weight", "visible_bias"),
    ]
    before = model.decoder_weight.clone()
    with torch.no_grad():
        model.encoder.weight.zero_()
    assert torch.equal(model.decoder_weight, before)


@pytest.mark.parametrize("tied", [True, False])
def test_encoding_and_decoding_follow_the_formulas(tied: bool) -> None:
    model = Autoencoder(6, 4, tied=tied, generator=seeded()).double()
    with torch.no_grad():
        model.encoder.bias.uniform_(-1, 1, generator=seeded(1))
        model.visible_bias.uniform_(-1, 1, generator=seeded(2))
    x = torch.rand(5, 6, dtype=torch.float64, generator=seeded(3))
    w, b = model.encoder.weight.detach().numpy(), model.encoder.bias.detach().numpy()
    v, c = model.decoder_weight.detach().numpy(), model.visible_bias.detach().numpy()
    code = [[1 / (1 + math.exp(-(w[j] @ row + b[j]))) for j in range(4)] for row in x.numpy()]
    logits = [[v[i] @ h + c[i] for i in range(6)] for h in code]
    code, logits = (torch.tensor(a, dtype=torch.float64) for a in (code, logits))
    torch.testing.assert_close(model.encode(x), code)
    torch.testing.assert_close(model.decode_logits(code), logits)
    torch.testing.assert_close(model.decode(code), 1 / (1 + torch.exp(-logits)))
    torch.testing.assert_close(model(x), 1 / (1 + torch.exp(-logits)))


@pytest.mark.parametrize(
    ("sizes", "name"), [((0, 3), "n_visible"), ((3, 0), "n_hidden"), ((3, -2), "n_hidden")]
)
def test_sizes_below_one_are_refused(sizes: tuple[int, int], name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is {min(sizes)}; expected at least 1"):
        Autoencoder(*sizes)


@pytest.mark.parametrize("size", [2.5, "3", None])
def test_sizes_that_are_no_whole_numbers_are_refused(size: object) -> None:
    with pytest.raises(TypeError, match=f"n_hidden is {size!r}; expected a whole number"):
        Autoencoder(3, size)


def test_an_unknown_initialisation_is_refused() -> None:
    with pytest.raises(
        ValueError, match="initialisation is 'xavier'; choose one of 'sda', 'ufldl'"
    ):
        Autoencoder(3, 2, initialisation="xavier")


@pytest.mark.parametrize("method", ["encode", "decode", "decode_logits"])
def test_wrong_input_is_refused_by_name(method: str) -> None:
    name, size = ("x", 6) if method == "encode" else ("code", 4)
    call = getattr(Autoencoder(6, 4), method)
    for shape in [(2, 5), (size,), (2, 3, size)]:
        with pytest.raises(
            ValueError, match=rf"^{name} has shape .*; expected \(n_examples, {size}\)"
        ):
            call(torch.rand(shape))
    with pytest.raises(TypeError, match=f"^{name} has dtype torch.uint8; convert it"):
        call(torch.zeros(2, size, dtype=torch.uint8))
    with pytest.raises(TypeError, match=f"^{name} is a list; pass a torch.Tensor"):
        call([[0.0] * size])
