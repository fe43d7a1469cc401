"""The four notebooks in a real JupyterLab and a real browser: Run All Cells, and look."""

import shutil
from pathlib import Path

import pytest
from browser import Lab, chromium, jupyterlab, needs_chromium
from notebook_runs import CELL_TIMEOUT, steady
from test_notebooks import NAMES

pytestmark = needs_chromium

EXPLORERS = {
    "01_autoencoder": ["Corruption explorer", "Filter explorer", "Training bench"],
    "02_stacking": ["Training bench", "Filter explorer", "Stack explorer"],
    "03_fine_tuning": ["Stack explorer", "Pre-training or not"],
    "04_mnist_exercise": [],
}


def times_of(folder: Path) -> dict[Path, int]:
    """Return when each file was written last."""
    return {path: path.stat().st_mtime_ns for path in folder.iterdir()}


@pytest.mark.parametrize("name", NAMES[::-1])  # the one that takes longest first
def test_run_all_cells_again(name, finished, tmp_path):
    """It has run without a browser before, and goes on from the checkpoints of that run."""
    first = finished(name)
    folder = tmp_path / "notebooks"
    shutil.copytree(first.path.parent, folder)
    checkpoints = times_of(folder / "checkpoints")
    assert checkpoints
    with jupyterlab(folder) as address, chromium() as page:
        lab = Lab(page, address)
        lab.open(f"{name}.ipynb")
        lab.run_all(timeout=CELL_TIMEOUT)
        errors = page.locator('[data-mime-type$="jupyter.error"]').all_inner_texts()
        assert errors == []
        titles = page.locator(".tl-panel .tl-title").all_inner_texts()
        assert titles == EXPLORERS[name]
        for panel in page.locator(".tl-panel").all():
            panel.scroll_into_view_if_needed()
            assert panel.is_visible()
            assert panel.get_by_role("alert").count() == 0
        page.wait_for_timeout(1000)
        twins = page.locator("figure[class^=tl-twin]")
        assert twins.count() == len(titles)
        assert not any(twin.is_visible() for twin in twins.all())
        assert lab.complaints == []
        assert times_of(folder / "checkpoints") == checkpoints
        assert [steady(text) for text in lab.printed()] == [*first.steady_text.values()]
        for k, panel in enumerate(page.locator(".tl-panel").all()):
            lab.shoot(f"{name}-{k}", panel)
