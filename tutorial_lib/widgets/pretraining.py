"""Pre-training or not, in notebook 03: the stored study, cell by cell."""

from html import escape

import ipywidgets

from tutorial_lib.plots import plot_filters
from tutorial_lib.sheets import Picture
from tutorial_lib.study_files import load_study
from tutorial_lib.study_results import LABELS, Run, Study
from tutorial_lib.widgets import charts, pixels
from tutorial_lib.widgets.panel import Panel, labelled, row

N_COLUMNS = 8
# What a curve can show: the attribute of a run, and the name of the axis.
QUANTITIES = {
    "validation error": ("validation_error", "error (%)"),
    "training cost": ("training_cost", "cost (nats)"),
}


class PretrainingExplorer(Panel):
    """Compare a network from random weights with a pre-trained one.

    Parameters
    ----------
    study : Study, optional
        By default the one that is stored with the package.

    Raises
    ------
    TypeError
        If it is no study.

    Used in notebook 03, *A longer study*.
    """

    def __init__(self, study: Study | None = None) -> None:
        self._study = load_study() if study is None else study
        if not isinstance(self._study, Study):
            raise TypeError(f"study is a {type(study).__name__}; expected a Study.")
        counts = [(f"{n:,}", n) for n in self._study.n_labels]
        self.n_labels = labelled(ipywidgets.SelectionSlider(options=counts), "labels")
        self.depth = labelled(
            ipywidgets.SelectionSlider(options=self._study.depths, value=self._study.depths[-1]),
            "hidden layers",
        )
        self.seed = labelled(ipywidgets.SelectionSlider(options=self._study.seeds), "seed")
        self.quantity = labelled(ipywidgets.RadioButtons(options=list(QUANTITIES)), "curve")
        self._words, self._view, self._filters = (ipywidgets.HTML() for _ in range(3))
        controls = row(self.n_labels, self.depth, self.seed, self.quantity)
        super().__init__(
            "Pre-training or not", [controls, self._words, row(self._view, self._filters)]
        )
        self.update_on(self.n_labels, self.depth, self.seed, self.quantity)
        self.update()

    def _runs(self) -> dict[str, Run]:
        """Return the two runs of the cell and seed, by label."""
        cell = self.n_labels.value, self.depth.value
        k = self._study.seeds.index(self.seed.value)
        return {label: self._study.select(start, *cell)[k] for start, label in LABELS.items()}

    def update(self) -> None:
        """Show the cell's curves and filters."""
        runs = self._runs()
        attribute, what = QUANTITIES[self.quantity.value]
        curves = {
            label: [(float(k), value) for k, value in enumerate(getattr(run, attribute), start=1)]
            for label, run in runs.items()
        }
        self._words.value = f"<p>{escape(self._told())}</p>"
        self._view.value = charts.lines(curves, x="epoch", y=what)
        self._sheets = {
            label: self._study.filters(start, self.n_labels.value, self.depth.value)
            for start, label in LABELS.items()
        }
        limit = pixels.scale_of(*self._sheets.values())
        figures = pixels.beside(
            *(
                pixels.to_figure(pixels.signed(filters, N_COLUMNS, limit), label)
                for label, filters in self._sheets.items()
            )
        )
        seed = self._study.seeds[0]
        self._filters.value = (
            f"<p>First filters after fine-tuning (seed {seed}):</p>{figures}{pixels.legend(limit)}"
        )

    def _told(self) -> str:
        errors = ", ".join(f"{label} {run.test_error:.2f} %" for label, run in self._runs().items())
        return (
            f"{self.n_labels.value:,} labels, {self.depth.value} hidden "
            f"layer{'s' * (self.depth.value > 1)}, seed {self.seed.value}. "
            f"Test digits misread: {errors}."
        )

    def picture(self) -> Picture:
        """Draw both networks' filters."""
        return plot_filters(*self._sheets.values(), titles=list(self._sheets), n_columns=N_COLUMNS)

    def describe(self) -> str:
        """Say which networks, and how well they read."""
        return f"First filters of two networks. {self._told()}"
