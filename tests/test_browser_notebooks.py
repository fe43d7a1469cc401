"""The four notebooks in a real JupyterLab and a real browser: Run All Cells, and look."""

import shutil

from browser import Lab, chromium, jupyterlab, needs_chromium
from notebook_runs import CELL_TIMEOUT
from test_notebooks import each_notebook

pytestmark = needs_chromium

EXPLORERS = {
    "01_autoencoder": ["Corruption explorer", "Filter explorer", "Training bench"],
    "02_stacking": ["Training bench", "Filter explorer", "Stack explorer"],
    "03_fine_tuning": ["Stack explorer", "Pre-training or not"],
    "04_mnist_exercise": [],
}


@each_notebook
def test_run_all_cells(name, finished, tmp_path):
    # The copy's finished trainings go with it: what they do was seen when it ran without a browser.
    folder = tmp_path / "notebooks"
    shutil.copytree(finished(name).path.parent, folder)
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
        for k, panel in enumerate(page.locator(".tl-panel").all()):
            lab.shoot(f"{name}-{k}", panel)
