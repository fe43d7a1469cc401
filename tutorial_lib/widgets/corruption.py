"""The corruption explorer of notebook 01: noise, and what an autoencoder makes of it."""

from collections.abc import Mapping
from html import escape
from typing import get_args

import ipywidgets
import torch
from torch import Tensor

from tutorial_lib.autoencoder import Autoencoder, Corruption, corrupt
from tutorial_lib.plots import plot_rows
from tutorial_lib.sheets import Picture
from tutorial_lib.widgets import pixels
from tutorial_lib.widgets.models import name_models, require_digits, warn_untrained
from tutorial_lib.widgets.panel import Panel, labelled, row
from tutorial_lib.widgets.sheet import Sheet

N_DIGITS = 10


class CorruptionExplorer(Panel):
    """Corrupt digits with one of three kinds of noise, and see what is restored.

    Parameters
    ----------
    models : Autoencoder, or dict of name to Autoencoder
        One, or two to be compared on the very same corrupted digits.
    images : Tensor of shape (n, 784), float in [0, 1]
        Ten of them are shown at a time.
    seed : int
        Of the noise; "New noise" adds 1.

    Raises
    ------
    TypeError, ValueError
        If there are no models, or they do not fit the images.

    Used in notebook 01, *The denoising autoencoder*.
    """

    def __init__(
        self, models: Autoencoder | Mapping[str, Autoencoder], images: Tensor, *, seed: int = 0
    ) -> None:
        rows = ("clean", "corrupted")
        self._models = name_models(models, Autoencoder, alone="restored", taken=rows)
        require_digits(images, *self._models.values())
        self._images, self._seed = images, seed
        kinds = [(kind.replace("_", " "), kind) for kind in get_args(Corruption)]
        self.kind = labelled(ipywidgets.RadioButtons(options=kinds), "noise")
        self.level = labelled(
            ipywidgets.FloatSlider(0.3, min=0, max=0.9, step=0.05, readout_format=".2f"), "level"
        )
        last = max(0, len(images) - N_DIGITS)
        self.first = labelled(ipywidgets.IntSlider(0, min=0, max=last), "first digit")
        self.again = ipywidgets.Button(description="New noise")
        names = [*rows, *self._models]
        self._sheet, self._one = Sheet(width=620, row_names=names), ipywidgets.HTML()
        super().__init__(
            "Corruption explorer",
            [row(self.kind, self.again), row(self.level, self.first), self._sheet, self._one],
            warning=warn_untrained(self._models),
        )
        self.update_on(self.kind, self.level, self.first)
        self._sheet.observe(self.guarded(lambda change: self._show_one()), "selected")
        self.again.on_click(self.guarded(lambda button: self._draw_again()))
        self.update()

    def _draw_again(self) -> None:
        self._seed += 1
        self.update()

    def rows(self) -> dict[str, Tensor]:
        """Return the rows shown: clean, corrupted, and what each model restores."""
        clean = self._images[self.first.value : self.first.value + N_DIGITS]
        generator = torch.Generator().manual_seed(self._seed)
        noisy = corrupt(clean, self.level.value, kind=self.kind.value, generator=generator)
        with torch.no_grad():
            restored = {name: model(noisy) for name, model in self._models.items()}
        return {"clean": clean, "corrupted": noisy, **restored}

    def update(self) -> None:
        """Corrupt and restore anew."""
        self._rows = self.rows()
        clean = self._rows["clean"]
        # The mean squared error per pixel of each digit, by row.
        self._errors = {
            name: (shown - clean).square().mean(dim=1) for name, shown in self._rows.items()
        }
        labels = [
            f"digit {self.first.value + k}, {name}, error {error:.3f}"
            for name, errors in self._errors.items()
            for k, error in enumerate(errors)
        ]
        sheet = pixels.ink(torch.cat(list(self._rows.values())), len(clean))
        self._sheet.show(sheet, labels, len(clean), description=self.describe())
        self._show_one()

    def _show_one(self) -> None:
        n = len(self._rows["clean"])
        k = max(self._sheet.selected, 0) % n
        large = [
            pixels.to_figure(
                pixels.ink(shown[k : k + 1], 1), f"{name}: {self._errors[name][k]:.3f}", scale=4
            )
            for name, shown in self._rows.items()
        ]
        self._one.value = (
            f"<p>Digit {self.first.value + k}, with its mean squared error per pixel:</p>"
            f"{pixels.beside(*large)}<p>Over the {n} digits shown: {escape(self._means())}.</p>"
        )

    def _means(self) -> str:
        return ", ".join(
            f"{name} {errors.mean():.3f}"
            for name, errors in self._errors.items()
            if name != "clean"
        )

    def picture(self) -> Picture:
        """Draw the rows."""
        return plot_rows(self._rows, max_images=N_DIGITS)

    def describe(self) -> str:
        """Say what noise was added, and how well it was removed."""
        return (
            f"Rows of {len(self._rows['clean'])} digits: {', '.join(self._rows)}. "
            f"Noise: {self.kind.label}, level {self.level.value:.2f}. "
            f"Mean squared error per pixel: {self._means()}."
        )
