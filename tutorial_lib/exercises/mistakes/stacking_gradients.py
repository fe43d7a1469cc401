"""Plausible wrong gradients of a denoising autoencoder: the answers to exercise 2.3."""

from types import SimpleNamespace

import torch
from torch.nn.functional import binary_cross_entropy, softplus

# What each switch of `denoising_gradients` is when nothing is wrong.
_RIGHT = {
    "encoded": "corrupted",
    "entered": "corrupted",
    "target_of_loss": "x",
    "target_of_delta": "x",
    "as_it_stands": (),  # where the weight is turned round though it should not, or the reverse
    "without": (),
    "loss": "cross-entropy",
    "least": 0.0,
    "loss_sign": 1,
    "loss_over": "examples",
    "delta_of": "reconstruction",
    "delta_sign": 1,
    "output_slope": False,
    "hidden_slope": "code",
    "code_overwritten": False,
    # How much each path counts: the encoder's, the decoder's.
    "paths": (1, 1),
    # How often 1/m is there: in the encoder's and the decoder's path, the bias, the visible bias.
    "times_divided": (1, 1, 1, 1),
    "over_pixels": False,
    "decoder_path_turned": False,
    "transposed": False,
    "biases_swapped": False,
}


def denoising_gradients(x, corrupted, weight, bias, visible_bias, **switches):
    """Return loss and gradients; each switch makes one mistake, and by default there is none."""
    s = SimpleNamespace(**_RIGHT | switches)
    given = {"x": x, "corrupted": corrupted}
    turn = {place: place in s.as_it_stands for place in ("encoder", "decoder", "delta")}
    bias_used = 0 if "bias" in s.without else bias
    visible_bias_used = 0 if "visible bias" in s.without else visible_bias
    code = torch.sigmoid(given[s.encoded] @ (weight if turn["encoder"] else weight.T) + bias_used)
    logits = code @ (weight.T if turn["decoder"] else weight) + visible_bias_used
    loss = _loss(s, given[s.target_of_loss], logits)

    restored = logits if s.delta_of == "logits" else torch.sigmoid(logits)
    error = s.delta_sign * (restored - given[s.target_of_delta])
    if s.output_slope:
        error = error * restored * (1 - restored)
    delta = error @ (weight if turn["delta"] else weight.T) * _slope(s, code)
    if s.code_overwritten:
        code = code * (1 - code)

    by_decoder = code.T @ error
    if s.decoder_path_turned:
        by_decoder = by_decoder.T
    parts = [delta.T @ given[s.entered], by_decoder, delta.sum(dim=0), error.sum(dim=0)]
    unit = x.shape[1] if s.over_pixels else 1
    parts = [p / len(x) ** n / unit for p, n in zip(parts, s.times_divided, strict=True)]
    by_weight = s.paths[0] * parts[0] + s.paths[1] * parts[1]
    biases = parts[:1:-1] if s.biases_swapped else parts[2:]
    return loss / unit, by_weight.T.contiguous() if s.transposed else by_weight, *biases


def _slope(s, code):
    slope_at = {"code": code, "sigmoid of the code": torch.sigmoid(code)}
    if s.hidden_slope not in slope_at:
        return 1
    return slope_at[s.hidden_slope] * (1 - slope_at[s.hidden_slope])


def _loss(s, x, logits):
    p = torch.sigmoid(logits)
    costs = {
        "cross-entropy": lambda: softplus(logits) - x * logits,
        "squared error": lambda: (p - x) ** 2 / 2,
        "logarithms": lambda: -(x * _log(p, s.least) + (1 - x) * _log(1 - p, s.least)),
        # PyTorch cuts the logarithms off at -100 when it is given probabilities.
        "torch": lambda: binary_cross_entropy(p, x, reduction="none"),
    }
    cost = costs[s.loss]()
    over = {"examples": len(x), "examples and pixels": x.numel(), "nothing": 1}
    return s.loss_sign * cost.sum() / over[s.loss_over]


def _log(p, least):
    return torch.log(p.clamp(min=least))
