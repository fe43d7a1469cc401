"""Whole data sets through a trained network, worked out in chunks that stay in cache."""

import torch
from torch import Tensor

from tutorial_lib.autoencoder import Autoencoder
from tutorial_lib.checks import require_data, require_labels, require_matrix
from tutorial_lib.gradients import CHUNK_ROWS
from tutorial_lib.precision import fast_products
from tutorial_lib.stacked import Classifier


@torch.no_grad()
def encode_dataset(autoencoder: Autoencoder, x: Tensor) -> Tensor:
    """Return the codes, (n_examples, n_hidden), of a whole data set, worked out in chunks."""
    encoder, weight = autoencoder.encoder, autoencoder.encoder.weight
    require_matrix("x", x, encoder.in_features)
    codes = weight.new_empty(len(x), len(weight))
    with fast_products(CHUNK_ROWS):
        for rows, code in zip(x.split(CHUNK_ROWS), codes.split(CHUNK_ROWS), strict=True):
            # Written in place: the codes of 50,000 digits are 200 MB, and a copy takes its time.
            torch.addmm(encoder.bias, rows.to(weight.dtype), weight.t(), out=code).sigmoid_()
    return codes


def require_examples(classifier: Classifier, x: Tensor, labels: Tensor, *, of: str = "") -> None:
    """Raise a TypeError or ValueError unless the data fit the classifier; ``of`` says whose."""
    require_data(f"{of}x", x, classifier.layers[0].in_features)
    require_labels(labels, len(x), classifier.softmax.out_features, f"{of}labels")


def predict_dataset(classifier: Classifier, x: Tensor) -> Tensor:
    """Return the predicted labels, (n_examples,) int64, of a data set, worked out in chunks."""
    chunks = x.split(CHUNK_ROWS)
    dtype = classifier.softmax.weight.dtype
    with fast_products(CHUNK_ROWS):
        return torch.cat([classifier.predict(rows.to(dtype)) for rows in chunks])


def evaluate(classifier: Classifier, x: Tensor, labels: Tensor) -> float:
    """Return the error in percent: how many of 100 examples are misread.

    Parameters
    ----------
    classifier : Classifier
    x : Tensor of shape (n_examples, n_visible), float
    labels : Tensor of shape (n_examples,), int64

    Returns
    -------
    float in [0, 100]

    Raises
    ------
    TypeError, ValueError
        If the data do not fit the classifier.
    """
    require_examples(classifier, x, labels)
    wrong = predict_dataset(classifier, x) != labels
    return 100 * wrong.double().mean().item()
