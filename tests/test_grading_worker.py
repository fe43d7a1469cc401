"""What the box spares its children: nothing that an answer could notice."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TRAINING = """
import json, sys
import torch
from tutorial_lib.grading import worker
from tutorial_lib.minimise import minimise

if sys.argv[1] == "in the box":
    worker.leave_the_compiler_out()
x = torch.rand(50, 4, generator=torch.Generator().manual_seed(0))
def loss_and_gradient(w):
    error = x @ w - 1
    return (error**4).mean(), 4 * x.T @ error**3 / len(x)
minimum = minimise(loss_and_gradient, [torch.zeros(4)], n_iterations=9, progress=False)
print(json.dumps(["torch._dynamo" in sys.modules, minimum.costs, minimum.parameters[0].tolist()]))
"""


def trained(where: str) -> list:
    command = [sys.executable, "-c", TRAINING, where]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_a_training_in_the_box_loads_no_compiler_and_ends_at_the_same_bits():
    loads_compiler, *in_the_box = trained("in the box")
    _, *elsewhere = trained("elsewhere")
    assert not loads_compiler
    assert in_the_box == elsewhere
    costs, _ = in_the_box
    assert costs[-1] < 0.1 * costs[0]
