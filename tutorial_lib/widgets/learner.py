"""What the training bench trains: an autoencoder whose settings may change from step to step."""

import torch
from torch import Tensor

from tutorial_lib.autoencoder import Autoencoder, corrupt
from tutorial_lib.losses import cross_entropy, kl_sparsity


class Learner:
    """An autoencoder, its optimiser (Adam), and the cost of each step so far.

    Parameters
    ----------
    images : Tensor of shape (n, n_visible), float in [0, 1]
    n_hidden, batch_size : int
    seed : int
        Of weights, batches and noise.

    Attributes
    ----------
    model : Autoencoder
    costs : list of float
        In nats, one for each step.
    """

    def __init__(self, images: Tensor, *, n_hidden: int, batch_size: int, seed: int) -> None:
        self._images, self._batch_size = images, batch_size
        self._generator = torch.Generator().manual_seed(seed)
        self.model = Autoencoder(images.shape[1], n_hidden, generator=self._generator)
        self._optimiser = torch.optim.Adam(self.model.parameters())
        self.costs: list[float] = []

    def step(
        self,
        *,
        corruption_level: float,
        learning_rate: float,
        sparsity_target: float,
        sparsity_weight: float,
    ) -> None:
        """Learn from one batch; a ValueError tells of a cost that is no number.

        The cost is the cross-entropy, and with a sparsity weight above 0 the penalty of the batch's
        mean activations.
        """
        rows = torch.randint(len(self._images), (self._batch_size,), generator=self._generator)
        clean = self._images[rows]
        code = self.model.encode(corrupt(clean, corruption_level, generator=self._generator))
        cost = cross_entropy(clean, self.model.decode_logits(code))
        if sparsity_weight > 0:
            cost = cost + sparsity_weight * kl_sparsity(code, sparsity_target)
        if not torch.isfinite(cost):
            raise ValueError("The cost is no number any more: lower the learning rate, then Reset.")
        self._optimiser.param_groups[0]["lr"] = learning_rate
        self._optimiser.zero_grad()
        cost.backward()
        self._optimiser.step()
        self.costs.append(cost.item())
