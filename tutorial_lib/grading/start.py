"""The first line that runs in the box: ``python -I -B start.py REQUESTS RESPONSES``.

The box has the few modules of `box_contents` in a folder of their own; ``-I`` keeps every other
way to a module shut.
"""

import gc
import os
import sys
from pathlib import Path

gc.disable()  # until everything is loaded: what is loaded stays
os.environ["OMP_NUM_THREADS"] = "1"  # read when PyTorch is loaded
os.environ["TQDM_DISABLE"] = "1"  # nobody looks at a bar
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tutorial_lib.grading.worker import serve  # noqa: E402  # found by the line above

if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
