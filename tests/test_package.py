"""The package's own names: complete, each from its home, and free until they are asked for."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import tutorial_lib

SOURCE = Path(tutorial_lib.__file__).read_text()


def names_for_type_checkers() -> dict[str, str]:
    """The block under `if TYPE_CHECKING:`, as name and module."""
    [block] = [
        node
        for node in ast.parse(SOURCE).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    found = {}
    for statement in block.body:
        assert isinstance(statement, ast.ImportFrom)
        assert statement.module is not None
        for alias in statement.names:
            assert alias.asname == alias.name, "a re-export for mypy is spelt `import X as X`"
            assert alias.name not in found
            found[alias.name] = statement.module.removeprefix("tutorial_lib.")
    return found


def test_type_checkers_see_the_names_that_the_program_finds():
    assert names_for_type_checkers() == tutorial_lib._HOME


def test_all_lists_each_name_once():
    assert sorted(tutorial_lib.__all__) == sorted(tutorial_lib._HOME)
    assert len(set(tutorial_lib.__all__)) == len(tutorial_lib.__all__)


@pytest.mark.parametrize("name", tutorial_lib.__all__)
def test_each_name_is_the_thing_in_its_module(name):
    module = importlib.import_module(f"tutorial_lib.{tutorial_lib._HOME[name]}")
    given = getattr(tutorial_lib, name)
    assert given is vars(module)[name]
    assert given.__module__ == module.__name__, "a name is offered from where it is defined"
    assert (given.__doc__ or "").strip()


def test_all_names_come_with_a_star():
    found: dict[str, object] = {}
    exec("from tutorial_lib import *", found)
    assert set(tutorial_lib.__all__) <= found.keys()


def test_the_editor_is_offered_every_name():
    assert set(tutorial_lib.__all__) <= set(dir(tutorial_lib))


@pytest.mark.parametrize("name", ["Autoencoders", "torch", "_nothing", "__wrapped__"])
def test_an_unknown_name_is_an_ordinary_attribute_error(name):
    with pytest.raises(AttributeError, match=f"^module 'tutorial_lib' has no attribute '{name}'$"):
        getattr(tutorial_lib, name)
    assert not hasattr(tutorial_lib, name)


def test_an_unknown_name_cannot_be_imported():
    with pytest.raises(ImportError, match="cannot import name 'nothing'"):
        exec("from tutorial_lib import nothing")


def test_importing_the_package_loads_nothing_until_a_name_is_asked_for():
    program = (
        "import sys, tutorial_lib\n"
        "heavy = {'torch', 'numpy', 'matplotlib'}\n"
        "print(sorted(m for m in sys.modules if m in heavy or m.startswith('tutorial_lib.')))\n"
        "tutorial_lib.EarlyStopping\n"
        "print('torch' in sys.modules, 'matplotlib' in sys.modules)\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert process.stdout.splitlines() == ["[]", "True False"]


@pytest.mark.parametrize("module", sorted(set(tutorial_lib._HOME.values())))
def test_the_map_in_the_docstring_names_every_public_module(module):
    assert f"`{module}`" in tutorial_lib.__doc__
