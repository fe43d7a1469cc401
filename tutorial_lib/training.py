"""Greedy layer-wise pre-training and fine-tuning: the loops of both tutorials.

Data are one tensor in memory. Each function trains in place, shows a progress bar, can be
interrupted without loss, and goes on from its checkpoint if that file exists.
"""

from collections.abc import Sequence
from itertools import count
from pathlib import Path

import torch
from torch import Tensor, nn

from tutorial_lib.autoencoder import Autoencoder, corrupt
from tutorial_lib.checkpoints import checkpoint_file, digest_of
from tutorial_lib.checks import require_data, require_generator, require_unit_interval
from tutorial_lib.evaluation import encode_dataset, evaluate, require_examples
from tutorial_lib.gradients import CHUNK_ROWS, AutoencoderGradients, ClassifierGradients
from tutorial_lib.loop import History, Loop
from tutorial_lib.precision import Precision, compute_dtype, fast_products
from tutorial_lib.schedules import value_at
from tutorial_lib.settings import FineTuning, Pretraining, Settings
from tutorial_lib.sinks import Decay, Sink
from tutorial_lib.stacked import Classifier, StackedAutoencoder
from tutorial_lib.steppers import make_stepper


def _own_generator(x: Tensor, generator: torch.Generator | None) -> torch.Generator:
    # torch.initial_seed(), so that torch.manual_seed governs a call without a generator.
    if generator is None:
        generator = torch.Generator(x.device).manual_seed(torch.initial_seed())
    require_generator(generator, x)
    return generator


def _identity(
    model: nn.Module,
    settings: Settings,
    precision: str,
    generator: torch.Generator,
    *data: Tensor,
) -> dict[str, str]:
    """Return what a checkpoint must have been made with to be gone on from."""
    sizes = [tuple(p.shape) for p in model.parameters()]
    told = {"settings": repr(settings), "sizes": str(sizes), "precision": precision}
    return told | {"seed": str(generator.initial_seed()), "data": digest_of(*data)}


def _rows_at_once(settings: Settings) -> int:
    # A step in place must see its whole batch at once; only L-BFGS has more rows than fit a cache.
    return CHUNK_ROWS if settings.optimiser == "lbfgs" else settings.batch_size


def _run(loop: Loop, settings: Settings, checkpoint: str | Path | None) -> History:
    start = ""
    if checkpoint:
        start = _STARTS.get(_moment(loop), digest_of(*loop.model.parameters()))
        loop.checkpoint = checkpoint_file(checkpoint, loop.title, loop.identity, start)
    try:
        with torch.no_grad(), fast_products(_rows_at_once(settings)):
            return loop.run()
    finally:
        for parameter in loop.model.parameters():
            parameter.grad = None  # a stale gradient only takes memory, and could mislead
        if checkpoint:
            _STARTS[_moment(loop)] = start


# From which start the weights came to where they are: the same call again, on a model that was
# trained or interrupted in this session, finds the file in the folder that it wrote before.
_STARTS: dict[str, str] = {}


def _moment(loop: Loop) -> str:
    return f"{loop.title} {loop.identity} {digest_of(*loop.model.parameters())}"


def pretrain_layer(
    autoencoder: Autoencoder,
    x: Tensor,
    *,
    settings: Pretraining,
    generator: torch.Generator | None = None,
    precision: Precision = "float32",
    checkpoint: str | Path | None = None,
    progress: bool = True,
    title: str = "Pre-training",
) -> History:
    """Train one autoencoder in place to restore its input.

    Parameters
    ----------
    autoencoder : Autoencoder
    x : Tensor of shape (n_examples, n_visible), float in [0, 1]
        Pixels, or the codes of the layer below.
    settings : Pretraining
    generator : torch.Generator, optional
        Source of the order of the examples and of the noise; on the device of ``x``.
    precision : {"float32", "bfloat16"}
        Of the matrix products; weights are float32.
    checkpoint : path, optional
        File to go on from, if it exists, and to save to: every half minute and at the end. In a
        folder, such as ``"checkpoints/"``, each training has a file of its own, named by title
        and a fingerprint of settings, seed, data and the weights it starts from.
    progress : bool
        Whether to show a progress bar.
    title : str
        Text of the progress bar.

    Returns
    -------
    History

    Raises
    ------
    TypeError, ValueError
        If the data do not fit the autoencoder or lie outside [0, 1].
    TrainingInterrupted, TrainingDiverged, CheckpointError
        See `tutorial_lib.loop`.

    Source: both tutorials; notebooks 01 and 02.
    """
    require_data("x", x, autoencoder.encoder.in_features)
    require_unit_interval("x", x)
    generator = _own_generator(x, generator)
    data = x.to(compute_dtype(precision))
    gradients = AutoencoderGradients(
        autoencoder,
        loss=settings.loss,
        dtype=data.dtype,
        sparsity_target=settings.sparsity_target,
        sparsity_weight=settings.sparsity_weight,
        chunk_rows=_rows_at_once(settings),
    )

    def cost_and_gradients(rows: Tensor | slice, done: float, sink: Sink) -> Tensor:
        clean = data[rows]
        return gradients(clean, _noisy(clean, settings, done, generator), sink)

    parameters = list(autoencoder.parameters())
    decay: Decay = {weight: settings.weight_decay for weight in parameters if weight.ndim == 2}
    stepper = make_stepper(
        settings, parameters, decay, cost_and_gradients, n_examples=len(x), generator=generator
    )
    loop = Loop(
        autoencoder,
        stepper,
        n_epochs=settings.n_epochs,
        title=title,
        identity=_identity(autoencoder, settings, precision, generator, x) if checkpoint else None,
        progress=progress,
    )
    return _run(loop, settings, checkpoint)


def _noisy(x: Tensor, settings: Settings, done: float, generator: torch.Generator) -> Tensor:
    level = value_at(settings.corruption_level, done)
    return corrupt(x, level, kind=settings.corruption, generator=generator) if level else x


def pretrain_greedily(
    stack: StackedAutoencoder,
    x: Tensor,
    *,
    settings: Pretraining | Sequence[Pretraining],
    generator: torch.Generator | None = None,
    precision: Precision = "float32",
    checkpoints: str | Path | None = None,
    progress: bool = True,
) -> list[History]:
    """Train the autoencoders of a stack in place, from input to top.

    Layer k trains on the clean codes of the layers below, which stay as they are. These codes
    are computed once per layer and kept: since nothing below changes, that is exact.

    Parameters
    ----------
    stack : StackedAutoencoder
    x : Tensor of shape (n_examples, n_visible), float in [0, 1]
    settings : Pretraining, or one for each layer
    generator, precision, progress
        As for `pretrain_layer`.
    checkpoints : path, optional
        Folder for one checkpoint a layer; see ``checkpoint`` of `pretrain_layer`.

    Returns
    -------
    list of History, one for each layer.

    Raises
    ------
    ValueError
        If the number of settings is not the number of layers; otherwise as `pretrain_layer`.

    Source: both tutorials; notebook 02.
    """
    each = [settings] * stack.depth if isinstance(settings, Pretraining) else list(settings)
    if len(each) != stack.depth:
        raise ValueError(f"{len(each)} settings were given for {stack.depth} layers.")
    require_data("x", x, stack.classifier.layers[0].in_features)
    generator = _own_generator(x, generator)
    histories = []
    for k, autoencoder, layer_settings in zip(count(1), stack.autoencoders, each, strict=False):
        assert isinstance(autoencoder, Autoencoder)
        history = pretrain_layer(
            autoencoder,
            x,
            settings=layer_settings,
            generator=generator,
            precision=precision,
            checkpoint=f"{checkpoints}/" if checkpoints else None,
            progress=progress,
            title=f"Layer {k} of {stack.depth}",
        )
        histories.append(history)
        if k < stack.depth:
            x = encode_dataset(autoencoder, x)
    return histories


def fine_tune(
    classifier: Classifier,
    x: Tensor,
    labels: Tensor,
    *,
    settings: FineTuning,
    validation: tuple[Tensor, Tensor] | None = None,
    generator: torch.Generator | None = None,
    precision: Precision = "float32",
    checkpoint: str | Path | None = None,
    progress: bool = True,
    title: str = "Fine-tuning",
) -> History:
    """Train all encoders and the softmax in place to read the labels.

    A classifier without encoders is softmax regression.

    Parameters
    ----------
    classifier : Classifier
    x : Tensor of shape (n_examples, n_visible), float
    labels : Tensor of shape (n_examples,), int64 in [0, n_classes)
    settings : FineTuning
    validation : pair of such tensors, optional
        Judged after each epoch; the parameters of the best epoch are taken up again at the end.
    generator, precision, checkpoint, progress, title
        As for `pretrain_layer`.

    Returns
    -------
    History

    Raises
    ------
    TypeError, ValueError
        If the data do not fit the classifier, or early stopping has no validation data.
    TrainingInterrupted, TrainingDiverged, CheckpointError
        See `tutorial_lib.loop`.

    Source: both tutorials; notebook 03.
    """
    require_examples(classifier, x, labels)
    if validation is not None:
        images, truth = validation
        require_examples(classifier, images, truth, of="validation ")
    elif settings.early_stopping is not None:
        raise ValueError("early_stopping needs validation=(images, labels).")
    generator = _own_generator(x, generator)
    data = x.to(compute_dtype(precision))
    gradients = ClassifierGradients(
        classifier, dtype=data.dtype, chunk_rows=_rows_at_once(settings)
    )

    def cost_and_gradients(rows: Tensor | slice, done: float, sink: Sink) -> Tensor:
        seen, truth = _noisy(data[rows], settings, done, generator), labels[rows]
        if settings.adversarial_level:
            uphill = gradients.input_gradient(seen, truth).sign()
            seen = seen.add(uphill, alpha=settings.adversarial_level)
        return gradients(seen, truth, sink)

    decay: Decay = {classifier.softmax.weight: settings.weight_decay}
    stepper = make_stepper(
        settings,
        list(classifier.parameters()),
        decay,
        cost_and_gradients,
        n_examples=len(x),
        generator=generator,
    )
    loop = Loop(
        classifier,
        stepper,
        n_epochs=settings.n_epochs,
        title=title,
        validate=None if validation is None else lambda: evaluate(classifier, *validation),
        early_stopping=settings.early_stopping,
        restore_best=settings.restore_best,
        identity=_identity(
            classifier, settings, precision, generator, x, labels, *(validation or ())
        )
        if checkpoint
        else None,
        progress=progress,
    )
    return _run(loop, settings, checkpoint)
