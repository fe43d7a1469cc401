"""The pictures of a finished experiment, each with the words that go with it."""

from typing import Any

import torch

from tutorial_lib import plots
from tutorial_lib.evaluation import predict_dataset
from tutorial_lib.experiment import Experiment
from tutorial_lib.features import combine_filters, maximise_activation, strongest_inputs
from tutorial_lib.report import Illustration

_N_FILTERS = 100


def illustrate(experiment: Experiment, history: dict[str, Any]) -> dict[str, Illustration]:
    """Return all pictures of a run by file name: filters, learning curves, mistakes.

    Parameters
    ----------
    experiment : Experiment
        After its run.
    history : dict
        The entry ``history`` of the run's results.
    """
    return {
        **_filters(experiment),
        **_learning_curves(history, _step(experiment)),
        **_mistakes(experiment),
    }


def _filters(experiment: Experiment) -> dict[str, Illustration]:
    encoders = [autoencoder.encoder for autoencoder in experiment.pretrained_stack().layers()]
    weights = [encoder.weight for encoder in encoders]
    first = plots.plot_filters(strongest_inputs(weights[0][:_N_FILTERS]), scale="each")
    found = {
        "filters_layer1": Illustration(
            "Layer 1 after pre-training",
            first,
            "A sheet of up to 100 small grey images, one for each unit of the first layer.",
            "The input of fixed length that excites each unit most (closed form).",
        )
    }
    for depth in range(2, len(encoders) + 1):
        combined = combine_filters(*weights[: depth - 1], weights[depth - 1][:_N_FILTERS])
        climbed = maximise_activation(
            encoders,
            depth=depth,
            units=range(len(combined)),
            generator=torch.Generator().manual_seed(0),
            progress=experiment.progress,
        )
        methods = ["linear combination", "activation maximisation"]
        found[f"filters_layer{depth}"] = Illustration(
            f"Layer {depth} after pre-training",
            plots.plot_filters(combined, climbed, titles=methods, scale="each"),
            f"Two sheets of up to 100 small grey images, one for each unit of layer {depth}.",
            "What excites each unit most: on the left the weighted sum of the filters below, on "
            "the right the input of the same length found by gradient ascent.",
        )
    return found


def _step(experiment: Experiment) -> str:
    return "iteration" if experiment.recipe.fine_tuning.optimiser == "lbfgs" else "epoch"


def _learning_curves(history: dict[str, Any], step: str) -> dict[str, Illustration]:
    layers = {f"layer {k}": run["cost"] for k, run in enumerate(history["pretraining"], start=1)}
    control = history.get("without_pretraining")
    tuned = {"pre-trained": history["fine_tuning"]}
    if control is not None:
        tuned["not pre-trained"] = control
    cost = {label: run["cost"] for label, run in tuned.items()}
    found = {
        "learning_curves_pretraining": Illustration(
            "Pre-training",
            plots.plot_learning_curves(layers, log=True, step=step),
            "One falling curve of the reconstruction cost for each layer.",
            "The layers restore different inputs: compare the curves' shapes, not their heights.",
        ),
        "learning_curves_fine_tuning": Illustration(
            "Fine-tuning",
            plots.plot_learning_curves(cost, log=True, step=step),
            "Curves of the classifier's cost with and without pre-training.",
            "The cost on the training images.",
        ),
    }
    if history["fine_tuning"]["validation_error"]:
        errors = {label: run["validation_error"] for label, run in tuned.items()}
        found["validation_error"] = Illustration(
            "Validation error",
            plots.plot_learning_curves(errors, quantity="validation_error"),
            "Curves of the validation error with and without pre-training.",
            "Misread validation images after each epoch, in percent.",
        )
    return found


def _mistakes(experiment: Experiment) -> dict[str, Illustration]:
    test, classifier = experiment.test, experiment.stack.classifier
    predictions = predict_dataset(classifier, test.images)
    with torch.no_grad():
        probabilities = classifier(test.images).softmax(dim=1)
    n_misread = int((predictions != test.labels).sum())
    found = {
        "confusion_matrix": Illustration(
            "Which digits are taken for which",
            plots.plot_confusion(test.labels, predictions),
            "A ten by ten table of counts: true digits in rows, predictions in columns.",
            f"{n_misread} of {len(test)} test digits are misread.",
        )
    }
    if n_misread:
        found["misread_digits"] = Illustration(
            "Misread digits",
            plots.plot_misread_digits(
                test.images, test.labels, predictions, probabilities=probabilities
            ),
            "Up to twenty test digits with what they are and what they were taken for.",
            "The mistakes that the network was surest of come first.",
        )
    return found
