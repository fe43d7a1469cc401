"""The training bench of notebooks 01 and 02: watch an autoencoder learn, and turn its knobs."""

import asyncio
import threading
import time
import weakref
from typing import Any

import ipywidgets
import torch
from torch import Tensor

from tutorial_lib.checks import require_at_least, require_size
from tutorial_lib.plots import plot_filters
from tutorial_lib.sheets import Picture
from tutorial_lib.widgets import charts, pixels
from tutorial_lib.widgets.learner import Learner
from tutorial_lib.widgets.models import require_digits
from tutorial_lib.widgets.panel import Panel, labelled, row

N_SHOWN = 8
N_FILTERS, N_COLUMNS = 64, 16
SLICE = 0.05  # seconds of training between two looks at what the learner wants
PAUSE = 0.02  # seconds for the kernel to read messages in
DRAW_EVERY = 0.4
N_DEAR = 20  # steps that the curve leaves out once it is long


class TrainingBench(Panel):
    """A small denoising or sparse autoencoder that trains step by step before your eyes.

    Parameters
    ----------
    images : Tensor of shape (n, 784), float in [0, 1]
        To learn from; eight of them are shown with their reconstructions.
    n_hidden : int
    seed : int
        Of weights, batches and noise; Reset begins with the seed that stands in its field.
    batch_size : int
    n_steps : int
        Steps that are done at once, so that there is something to see.

    Training is a task of the event loop that brought the click, never a thread of its own: other
    cells run meanwhile, and it ends with the explorer. Only one bench runs at a time.

    Raises
    ------
    TypeError, ValueError
        If the images are no digits in [0, 1], a size is below 1, or the seed or the number of steps
        is below 0.

    Used in notebooks 01, *Watch it learn*, and 02, *How much noise, and when*.
    """

    _running: "weakref.ref[TrainingBench] | None" = None

    def __init__(
        self,
        images: Tensor,
        *,
        n_hidden: int = 400,
        seed: int = 0,
        batch_size: int = 100,
        n_steps: int = 200,
    ) -> None:
        require_digits(images)
        self._images, self._sizes = images, {"n_hidden": n_hidden, "batch_size": batch_size}
        for name, value in self._sizes.items():
            require_size(name, value)
        for name, value in {"seed": seed, "n_steps": n_steps}.items():
            require_at_least(name, value, 0)
        self._task: asyncio.Task[None] | None = None
        # JupyterLab may bring clicks in a thread beside that of the cells (a subshell).
        self._lock = threading.RLock()
        self._make_controls(seed)
        self._state, self._chart = ipywidgets.HTML(), ipywidgets.HTML()
        self._filters = ipywidgets.HTML(layout=ipywidgets.Layout(flex="1 1 480px"))
        super().__init__(
            "Training bench",
            [
                row(self.step, self.run, self.reset, self.seed),
                row(self.level, self.rate, self.target, self.weight),
                self._state,
                row(self._chart, self._filters),
            ],
        )
        self.step.on_click(self.guarded(lambda button: self._step_by_hand()))
        self.reset.on_click(self.guarded(lambda button: self.begin()))
        self.run.observe(self.guarded(lambda change: self._run_or_pause()), "value")
        self._n_views = 0
        self._live.on_msg(self.guarded(lambda _, content, buffers: self._count_views(content)))
        self._stop_other()
        self.begin()
        self.train(n_steps)

    def _make_controls(self, seed: int) -> None:
        self.step = ipywidgets.Button(description="Step")
        self.run = ipywidgets.ToggleButton(description="Run")
        self.reset = ipywidgets.Button(description="Reset")
        self.seed = labelled(ipywidgets.BoundedIntText(seed, min=0, max=2**31), "seed")
        for control in (self.step, self.run, self.reset, self.seed):
            control.layout.width = "110px"
        self.level = labelled(
            ipywidgets.FloatSlider(0.3, min=0, max=0.9, step=0.05), "corruption level"
        )
        self.rate = labelled(
            ipywidgets.FloatLogSlider(5e-3, min=-4, max=-1, step=0.1, readout_format=".4f"),
            "learning rate",
        )
        self.target = labelled(
            ipywidgets.FloatSlider(0.1, min=0.01, max=0.5, step=0.01), "sparsity target"
        )
        self.weight = labelled(ipywidgets.FloatSlider(0, min=0, max=5, step=0.1), "sparsity weight")

    def begin(self) -> None:
        """Go back to the weights of the seed; the knobs stay where they are."""
        with self._lock:
            self.learner = Learner(self._images, seed=self.seed.value, **self._sizes)
            self.update()

    def train(self, n_steps: int) -> None:
        """Take steps with what the knobs say now, and show where they led."""
        with self._lock:
            for _ in range(n_steps):
                self._take_step()
            self.update()

    def _take_step(self) -> None:
        self.learner.step(
            corruption_level=self.level.value,
            learning_rate=self.rate.value,
            sparsity_target=self.target.value,
            sparsity_weight=self.weight.value,
        )

    def _step_by_hand(self) -> None:
        self.stop()
        self.train(1)

    def _run_or_pause(self) -> None:
        if not self.run.value:
            self.stop()
        elif self._task is None:
            self._stop_other()
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                self.run.value = False
                raise RuntimeError("Run works in a notebook; call train(n_steps) here.") from None
            self._task = loop.create_task(self._train_on())
            self.run.description = "Pause"

    def _count_views(self, content: dict[str, Any]) -> None:
        """Stop when nobody looks any more: when the last view was taken off the page."""
        self._n_views += {"shown": 1, "removed": -1}.get(content.get("kind", ""), 0)
        if self._n_views <= 0:
            self.stop()

    def _stop_other(self) -> None:
        """Stop the bench that runs, such as the one that this cell made when it last ran."""
        other = None if TrainingBench._running is None else TrainingBench._running()
        if other is not None and other is not self:
            other.guarded(other.stop)()
        TrainingBench._running = weakref.ref(self)

    async def _train_on(self) -> None:
        drawn = time.monotonic()
        try:
            while self._task is asyncio.current_task():
                with self._lock:
                    self._train_for(SLICE)
                    if time.monotonic() > drawn + DRAW_EVERY:
                        self.update()
                        drawn = time.monotonic()
                await asyncio.sleep(PAUSE)
        except Exception as error:
            self._task = None  # with a broken model there is nothing to draw
            self.stop()  # first, for a button that goes back without a fault wipes the line clean
            self.tell(str(error) or type(error).__name__)

    def _train_for(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._take_step()

    def stop(self) -> None:
        """Pause; the steps done so far stay."""
        was_running, self._task = self._task is not None, None  # the task sees it, and ends
        self.run.value = False
        self.run.description = "Run"
        if was_running:
            with self._lock:
                self.update()

    def close(self) -> None:
        """Stop, and take the explorer off the page."""
        self._task = None  # no more: Python may be about to end
        super().close()

    def update(self) -> None:
        """Show cost, filters and reconstructions as they are now."""
        self._show_state()
        self._show_curve()
        self._show_filters()

    @torch.no_grad()
    def _show_state(self) -> None:
        code = self.learner.model.encode(self._images[:500])
        latest = self.learner.costs[-20:]
        told = f"cost {sum(latest) / len(latest):.1f} nats, " if latest else ""
        # A screen reader is told when training rests, not twice a second while it runs.
        role = "" if self._task else ' role="status"'
        self._state.value = (
            f'<p class="tl-state"{role}>Step {len(self.learner.costs)}: {told}'
            f"mean activation {code.mean():.2f}</p>"
        )

    def _show_curve(self) -> None:
        costs = self.learner.costs
        # The first steps are so dear that beside them all others look alike.
        first = 0 if len(costs) < 5 * N_DEAR else N_DEAR
        every = max(1, (len(costs) - first) // 200)
        points = [(float(k + 1), costs[k]) for k in range(first, len(costs), every)]
        self._chart.value = charts.lines({"cost": points}, x="step", y="cost (nats)")

    @torch.no_grad()
    def _show_filters(self) -> None:
        weight = self.learner.model.encoder.weight[:N_FILTERS]
        limit = pixels.scale_of(weight)
        clean = self._images[:N_SHOWN]
        digits = torch.cat([clean, self.learner.model(clean)])
        filters = pixels.signed(weight, N_COLUMNS, limit)
        told = f"{len(weight)} of {self._sizes['n_hidden']} filters"
        self._filters.value = (
            pixels.to_figure(filters, told)
            + pixels.legend(limit)
            + pixels.to_figure(
                pixels.ink(digits, N_SHOWN), "digits, and below their reconstructions", scale=1.8
            )
        )

    def picture(self) -> Picture:
        """Draw the filters."""
        weight = self.learner.model.encoder.weight
        return plot_filters(weight, max_filters=N_FILTERS, n_columns=N_COLUMNS)

    def describe(self) -> str:
        """Say how far training has come."""
        costs = self.learner.costs
        cost = f", cost {costs[-1]:.1f} nats" if costs else ""
        return (
            f"Filters of an autoencoder with {self._sizes['n_hidden']} units after {len(costs)} "
            f"steps{cost}: corruption level {self.level.value:.2f}, "
            f"learning rate {self.rate.value:.4f}, "
            f"sparsity target {self.target.value:.2f}, sparsity weight {self.weight.value:.1f}."
        )
