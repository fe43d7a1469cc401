"""A course in stacked autoencoders: what the notebooks use, in reading order.

The core, which the notebooks teach:

- `mnist`: the digits of both tutorials
- `losses`: what is minimised
- `autoencoder`: one autoencoder, and noise
- `stacked`: autoencoders on top of one another, and the classifier over the same weights
- `settings`, `schedules`: how they are trained
- `training`, `evaluation`: training and judging them
- `minimise`: the same L-BFGS for gradients derived by hand (``tutorial_lib.minimise.minimise``)
- `features`: what a unit looks for
- `plots`: pictures of all that; `diagrams`: networks, drawn as schematics

Around it: `exercises`, functions to write that are checked at once; `widgets`, explorers for
JupyterLab; and `study`, the long comparison that notebook 03 shows.

Under them: `gradients`, `sinks`, `steppers`, `loop`, `precision`, `nesting`, `checkpoints`,
`files`, `checks`.
On top: `recipes`, `experiment` and the commands, ``python -m tutorial_lib``.

Each name below can be imported from here. Its module is loaded when it is first asked for, so
that importing the package costs nothing and has no side effects.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tutorial_lib.autoencoder import Autoencoder as Autoencoder
    from tutorial_lib.autoencoder import corrupt as corrupt
    from tutorial_lib.checkpoints import load_model as load_model
    from tutorial_lib.checkpoints import save_model as save_model
    from tutorial_lib.evaluation import encode_dataset as encode_dataset
    from tutorial_lib.evaluation import evaluate as evaluate
    from tutorial_lib.evaluation import predict_dataset as predict_dataset
    from tutorial_lib.features import combine_filters as combine_filters
    from tutorial_lib.features import maximise_activation as maximise_activation
    from tutorial_lib.features import strongest_inputs as strongest_inputs
    from tutorial_lib.mnist import load_mnist as load_mnist
    from tutorial_lib.recipes import get_recipe as get_recipe
    from tutorial_lib.schedules import Cosine as Cosine
    from tutorial_lib.schedules import Linear as Linear
    from tutorial_lib.settings import EarlyStopping as EarlyStopping
    from tutorial_lib.settings import FineTuning as FineTuning
    from tutorial_lib.settings import Pretraining as Pretraining
    from tutorial_lib.stacked import Classifier as Classifier
    from tutorial_lib.stacked import StackedAutoencoder as StackedAutoencoder
    from tutorial_lib.training import fine_tune as fine_tune
    from tutorial_lib.training import pretrain_greedily as pretrain_greedily
    from tutorial_lib.training import pretrain_layer as pretrain_layer

_HOME = {
    "load_mnist": "mnist",
    "Autoencoder": "autoencoder",
    "corrupt": "autoencoder",
    "StackedAutoencoder": "stacked",
    "Classifier": "stacked",
    "Pretraining": "settings",
    "FineTuning": "settings",
    "EarlyStopping": "settings",
    "Linear": "schedules",
    "Cosine": "schedules",
    "pretrain_layer": "training",
    "pretrain_greedily": "training",
    "fine_tune": "training",
    "encode_dataset": "evaluation",
    "predict_dataset": "evaluation",
    "evaluate": "evaluation",
    "strongest_inputs": "features",
    "combine_filters": "features",
    "maximise_activation": "features",
    "save_model": "checkpoints",
    "load_model": "checkpoints",
    "get_recipe": "recipes",
}
__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'tutorial_lib' has no attribute {name!r}")
    return getattr(import_module(f"tutorial_lib.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
