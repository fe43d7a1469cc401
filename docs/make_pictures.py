"""Make the pictures of the README: figures of the notebooks, as the delivered notebooks draw them.

Run it in this folder's parent: ``.venv/bin/python docs/make_pictures.py`` (needs the [dev] extra).
"""

import base64
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
# The cell that draws the figure, and the name of its picture.
PICTURES = {"denoiser-figure": "denoising.png", "smooth-figure": "filters.png"}


def main() -> None:
    """Run the first notebook and write its figures beside this file."""
    notebook = nbformat.read(ROOT / "notebooks" / "01_autoencoder.ipynb", as_version=4)
    NotebookClient(
        notebook, timeout=900, resources={"metadata": {"path": ROOT / "notebooks"}}
    ).execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if cell.id in PICTURES and "image/png" in output.get("data", {}):
                png = base64.b64decode(output["data"]["image/png"])
                (ROOT / "docs" / PICTURES[cell.id]).write_bytes(png)


if __name__ == "__main__":
    main()
