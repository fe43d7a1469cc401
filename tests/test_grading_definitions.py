import ast
import json
import subprocess
import sys
import tracemalloc
import warnings
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutorial_lib.exercises import MODULES, tasks_of
from tutorial_lib.grading.cleaning import NotPython, python_of, without_comments, without_magics
from tutorial_lib.grading.definitions import read_definitions
from tutorial_lib.grading.notebook import InvalidNotebook, cells
from tutorial_lib.solve_insertion import insert_solutions

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
CHAPTERS = {"01_first": ["encode", "decode", "margin"], "02_second": ["train", "score"]}


def notebook(*sources, **others):
    """The bytes of a notebook with these code cells."""
    code = [{"cell_type": "code", "source": source} for source in sources]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": code, **others}).encode()


def read(*sources, chapters=CHAPTERS):
    return read_definitions([("a.ipynb", notebook(*sources))], chapters)


def names(pieces):
    return [name for piece in pieces for name in piece.names]


def run(pieces, name):
    """What a name means after running the pieces as the grader does: one after the other."""
    scope = {}
    flags = 0
    for piece in pieces:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(piece.text, piece.place, "exec", flags=flags, dont_inherit=True)
        flags |= code.co_flags & 0x1000000  # of `from __future__ import annotations`
        exec(code, scope)
    return scope[name]


def answer(*sources, name="encode"):
    return run(read(*sources).program(name), name)


# ------------------------------------------------------------------ reading a notebook


def test_only_code_is_read_and_cells_are_counted_as_a_reader_counts():
    data = {
        "nbformat": 4,
        "nbformat_minor": 99,
        "metadata": {"kernelspec": {"language": "R"}, "x": float("nan")},
        "cells": [
            {"cell_type": "markdown", "source": ["# encode = 1"]},
            {"cell_type": "code", "source": ["a = 1\r\n", "b = 2\r"], "outputs": 7, "id": []},
            {"cell_type": "raw", "source": None},
            "no cell at all",
            {"cell_type": "code", "source": "c"},
        ],
    }
    found = cells(b"\xef\xbb\xbf" + json.dumps(data).encode())
    assert [(cell.number, cell.text) for cell in found] == [(2, "a = 1\nb = 2\n"), (5, "c")]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe{\0}\0", "UTF-16"),
        ("{}".encode("utf-16-be"), "UTF-16"),
        (b'{"a": "\xe9"}', "UTF-8"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "number too large"),
        (b"[]", "not a notebook"),
        (b'{"nbformat": 3, "worksheets": []}', "format 3"),
        (b'{"nbformat": true}', "no format"),
        (b'{"nbformat": 4}', "no list of cells"),
        (b'{"nbformat": 4, "cells": {}}', "no list of cells"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code"}]}', "cell 1"),
        (notebook(["a", 1]), "cell 1"),
        (notebook(*[""] * 5001), "5,001 cells"),
        (notebook("x" * 2_000_001), "2,000,001 characters"),
        (b" " * 16_000_001, "16,000,001 bytes"),
        (b"[" + b"{}," * 2_000_001, "values"),
    ],
)
def test_what_is_no_notebook_is_refused_with_a_reason(data, reason):
    with pytest.raises(InvalidNotebook, match=reason):
        cells(data)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_bytes_crash_the_reader(data):
    with pytest.raises(InvalidNotebook):
        cells(data)


# ------------------------------------------------------------------ cleaning

VALID = [
    "x = 5 % 3\n",
    "a = (1\n% 2\n!= 3)\n",
    "text = '''\n!ls\n%magic\nname?\n'''\n",
    "a = 7 \\\n% 4\n",
    "# why?\nb = 'why?'  # really?\n",
    "def f(x):\n\treturn x\n",
    "\x0cfrom math import pi\n",
    "s = r'\\'' + \"'''\"\n",
    "d = {\n    'a': [1,\n\n2],\n}\n",
    "if True:\n    pass\nelse:\n    s = f'{1}'\n",
]


@given(st.lists(st.sampled_from(VALID), max_size=6).map("".join))
def test_cleaning_never_changes_valid_python(text):
    assert python_of(text)[0] == text
    assert without_magics(text) == text


MAGICS = [
    "!pip install \\\n   'numpy",
    "%matplotlib inline",
    "?print",
    "torch.sum??",
    "files = !ls (",
]


@given(st.lists(st.sampled_from(VALID), max_size=4), st.data())
def test_magics_go_and_all_else_stays_in_its_line(parts, data):
    place = data.draw(st.integers(0, len(parts)))
    magic = data.draw(st.sampled_from(MAGICS))
    before, after = "".join(parts[:place]), "".join(parts[place:])
    text, _ = python_of(f"{before}{magic}\n{after}")
    assert text == before + "\n" * (magic.count("\n") + 1) + after


@given(st.text(alphabet="ab=1()[]{}'\"\\%!?# \n\t\x00\ud800:", max_size=60))
def test_no_text_crashes_the_cleaning(text):
    try:
        cleaned, _ = python_of(text)
    except NotPython:
        return
    assert cleaned.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "head", ["%%time", "%%timeit -n 3", "\n%%capture out", "%%capture\n%%time"]
)
def test_cells_that_jupyter_times_are_python(head):
    assert answer(f"{head}\nencode = 3") == 3


@pytest.mark.parametrize("head", ["%%bash", "%%writefile x.py", "%%html"])
def test_other_cell_magics_are_skipped_in_silence(head):
    definitions = read(f"{head}\nencode = 3", "decode = 4")
    assert not definitions.attempted("encode")
    assert definitions.attempted("decode")
    assert definitions.remarks == ()


def test_magics_in_blocks_and_pasted_indentation():
    assert answer("    if True:\n        %time\n    encode = 3") == 3


# ------------------------------------------------------------------ what defines a name


@pytest.mark.parametrize(
    "source",
    [
        "def encode(x):\n    'Doc.'\n    ...",
        "def encode(x):\n    pass",
        "def encode(x):\n    'Doc.'",
        "async def encode(x): ...",
        "encode = ...",
        "encode: object = ...",
        "encode, decode = ..., ...",
        "encode = lambda x: ...",
        "encode: int",
        "encode = ex.encode.yours_or_ours()",
        "encode = (0, ex.encode.yours_or_ours)[1]()",
        "from tutorial_lib.exercises import autoencoder as ex\nencode = ex.encode.solution",
        "import tutorial_lib\nencode = tutorial_lib.exercises.autoencoder.encode",
        "from tutorial_lib.exercises.solutions.autoencoder import encode",
        "from tutorial_lib.losses import encode",
        "for encode in range(3): pass",
        "del encode",
        "print(encode)",
        "encode[0] = 3",
        "encode.x = 3",
        "encode += 3",
        "# encode = 3",
        "'encode = 3'",
    ],
)
def test_these_are_no_attempts(source):
    definitions = read(source)
    assert not definitions.attempted("encode")
    assert definitions.program("encode") is None


@pytest.mark.parametrize(
    "source",
    [
        "def encode(): return 3",
        "class encode: pass",
        "from math import pi as encode",
        "import math as encode",
        "encode = 2 + 1",
        "encode: int = 3",
        "decode = encode = 3",
        "decode, (encode, *_) = 1, (3, 4)",
        "print(encode := 3)",
        "decode = 0; encode = 3",
        "if True:\n    encode = 3",
        "try:\n    import nothing_of_this_name as encode\nexcept ImportError:\n    encode = 3",
        "from contextlib import suppress\nwith suppress(OSError) as encode:\n    encode = 3",
        "encode = int('3')",
        "\uff45ncode = 3",  # as Python reads it
        "from __future__ import annotations\ndef encode(x: Nowhere): return 3",
    ],
)
def test_these_are_attempts_and_run(source):
    definitions = read(source)
    assert definitions.attempted("encode")
    assert run(definitions.program("encode"), "encode") is not None


def test_the_last_full_definition_counts_whatever_else_takes_the_name():
    assert answer("encode = 1", "encode = 2", "encode = int('7')", "for encode in []: 0") == 2
    assert answer("encode = int('7')", "encode = int('8')") == 8
    assert answer("encode = 3", "encode = ex.encode.yours_or_ours()", "encode = ...") == 3
    assert answer("encode = 3", "def encode(x): ...") == 3
    assert answer("encode = 3", "from tutorial_lib.losses import encode") == 3


def test_a_helper_may_do_nothing():
    assert answer("def nothing(): pass", "def encode(): return nothing()")() is None


def test_a_place_and_a_line_are_told_and_the_text_is_the_students():
    source = "# é\nx = 'é'; é = 'a'; encode = (1,  # one\n  2)\n"
    (piece,) = read("1", source).program("encode")
    assert piece.text == "encode = (1,  # one\n  2)"
    assert (piece.place, piece.first_line) == ("a.ipynb, cell 2", 2)


def test_decorators_belong_to_the_text():
    decorators = "@(\n  functools.cache)\n@functools.wraps(int)\n"
    source = f"import functools\n\n{decorators}def encode(x):\n  return 2"
    piece = read(source).program("encode")[-1]
    assert piece.first_line == 3
    assert piece.text.startswith(decorators)
    assert answer(source)(0) == 2


# ------------------------------------------------------------------ what it needs


def test_only_what_is_used_is_taken_in_the_order_of_the_notebook():
    definitions = read(
        "import math, os\nimport json",
        "while True: pass",
        "SCALE = 2\nunused = SCALE",
        "def helper(x):\n    return SCALE * x + math.floor(0.5)",
        "raise SystemExit",
        "def encode(x):\n    unused = helper(x)\n    return unused",
    )
    pieces = definitions.program("encode")
    assert names(pieces) == ["math", "SCALE", "helper", "encode"]
    assert pieces[-1].uses == {"helper"}
    assert run(pieces, "encode")(3) == 6


def test_names_that_are_supplied_are_left_out_with_all_they_use():
    definitions = read(
        "import math\ndef decode(x): return math.pi\ndef encode(x): return decode(x)"
    )
    assert names(definitions.program("encode", given=["decode", "encode"])) == ["encode"]


@pytest.mark.parametrize(
    "source",
    [
        "def helper(): return encode\ndef encode(n=1): return helper",  # each uses the other
        "K = 1\ndef encode(x=K): return x",
        "K = 1\nclass Base: k = K\nclass encode(Base): pass",
        "K = 1\nclass encode:\n    K = K",
        "K = 1\nencode = [K for _ in range(3)]",
        "K = 1\ndef encode(): return (lambda: [K for _ in range(3)])()",
        "K = 1\ndef encode():\n    global K\n    K += 1\n    return K",
        "K = 1\ndef encode(x: K = 1) -> K: return 1",
        "def encode(): return [LATER]\nLATER = 1",
        "def encode(x=LATER): return x\nLATER = 1",  # cells that ran in another order
        "if (K := 1) > 0:\n    J = 2\ndef encode(): return K + J",
        "import functools\nencode = functools.partial(int, 1)",
    ],
)
def test_what_is_used_anywhere_is_found(source):
    value = answer(source)
    assert value() if callable(value) else value


def test_what_runs_at_once_sees_what_the_notebook_had_there():
    assert answer("K = 1", "def encode(x=K): return x, K", "K = 2")() == (1, 2)
    assert answer("K = 1\ndef f(): return K", "encode = f()", "K = 2\n") == 1
    source = "def note(f):\n    f.mark = 1\n    return f", "@note\ndef encode(): ...; return 1"
    assert answer(*source, "def note(f): return None").mark == 1
    assert answer("import math", "encode = math.pi", "import math") == pytest.approx(
        3.14159, rel=1e-5
    )


def test_the_same_module_may_be_imported_part_by_part():
    source = "import xml.dom", "import xml.sax", "import xml", "encode = lambda: (xml.dom, xml.sax)"
    assert names(read(*source).program("encode")) == ["xml", "xml", "xml", "encode"]
    assert len(answer(*source)()) == 2


def test_changes_of_what_is_needed_are_taken_where_they_are_simple():
    source = "T = {'a': 1}\nN = 1", "T['b'] = 2\nN += 1\nT['c'] = open('/')", "T[print()] = 1"
    assert answer(*source, "def encode(): return T, N")() == ({"a": 1, "b": 2}, 2)
    assert answer("def encode(): return encode.memory", "encode.memory = 3")() == 3


def test_star_imports_are_in_every_program_but_hide_nothing_of_the_students():
    source = (
        "def floor(x): return 'mine'",
        "def encode(x): return floor(x), ceil(x)",
        "from math import *",
    )
    assert answer(*source)(0.5) == ("mine", 1)
    assert "*" not in names(
        read("from tutorial_lib.exercises import *\nencode = 3").program("encode")
    )


def test_future_annotations_hold_for_all_and_come_first():
    source = (
        "from math import *",
        "from __future__ import annotations, braces_",
        "def encode(x: No): return 1",
    )
    pieces = read(*source).program("encode")
    assert names(pieces) == ["annotations", "*", "encode"]
    assert run(pieces, "encode")(0) == 1


# ------------------------------------------------------------------ several files

FIRST = notebook("def encode(x): return helper", "ex.decode.check(decode)", "helper = 'of 01'")
SECOND = notebook(
    "def train(x): return encode(x), only_here()", "def score(): ...", "helper = 'of 02'"
)
THIRD = notebook("def only_here(): return 'of a third'")


def test_notebooks_are_graded_together_the_own_one_first():
    files = [("b.ipynb", SECOND), ("x.ipynb", THIRD), ("a.ipynb", FIRST)]
    definitions = read_definitions(files, CHAPTERS)
    assert run(definitions.program("encode"), "encode")(0) == "of 01"
    assert run(definitions.program("train"), "train")(0) == ("of 02", "of a third")


def test_what_is_no_answer_in_its_own_chapter_is_not_taken_from_another():
    other = notebook("def train(x): ...", "ex.train.check(train)", "score = 1")
    copied = notebook("encode = decode = margin = 1", "def train(x): return 'a demonstration'")
    files = [("b.ipynb", other), ("a.ipynb", copied)]
    assert not read_definitions(files, CHAPTERS).attempted("train")
    assert not read_definitions(files[1:], CHAPTERS).attempted("train")


def test_all_in_one_file_is_fine():
    everything = "encode = decode = margin = 1", "train = 2", "ex.train.check(train)"
    assert run(read(*everything).program("train"), "train") == 2


def test_two_answers_to_a_chapter_are_no_answer():
    files = [("a.ipynb", FIRST), ("a2.ipynb", notebook("encode = 3")), ("b.ipynb", SECOND)]
    definitions = read_definitions(files, CHAPTERS)
    assert definitions.conflict("01_first") == "two different files answer it: a.ipynb and a2.ipynb"
    assert definitions.conflict("02_second") == ""
    assert not definitions.attempted("encode")
    assert "encode" not in names(definitions.program("train"))


def test_two_copies_are_one_answer_whatever_their_outputs():
    copy = json.loads(FIRST) | {"metadata": {"ran": "again"}}
    files = [("a.ipynb", FIRST), ("a (1).ipynb", json.dumps(copy).encode())]
    definitions = read_definitions(files, CHAPTERS)
    assert definitions.conflict("01_first") == ""
    assert definitions.attempted("encode")
    (remark,) = definitions.remarks
    assert remark == "a (1).ipynb holds the same code as a.ipynb, which is used"


def test_a_copied_function_does_not_move_a_file_to_its_chapter():
    second = notebook(
        "encode = decode = margin = 1",
        "train = score = 2",
        "ex.train.check(train)",
        "ex.score.check(1)",
    )
    definitions = read_definitions([("a.ipynb", FIRST), ("b.ipynb", second)], CHAPTERS)
    assert not definitions.conflict("01_first")


def test_a_bad_file_or_cell_costs_only_itself():
    files = [
        ("bad\n.ipynb", b"{"),
        ("a.ipynb", notebook("encode = 3", "decode = = 4", "margin = 5")),
    ]
    definitions = read_definitions(files, CHAPTERS)
    assert definitions.attempted("encode")
    assert definitions.attempted("margin")
    bad, cell = definitions.remarks
    assert "is not JSON" in bad
    assert "\n" not in bad
    assert "a.ipynb, cell 2 (decode = = 4) is no Python" in cell
    assert "line 1" in cell


def test_what_cannot_be_read_may_be_any_chapter_that_is_not_there():
    files = [("a.ipynb", FIRST), ("b.ipynb", b"{")]
    for definitions in (
        read_definitions(files, CHAPTERS),
        read_definitions(files[:1], CHAPTERS, unread=["w.zip is encrypted"]),
    ):
        assert definitions.doubt("01_first") == ""
        assert "cannot be read" in definitions.doubt("02_second")
    assert definitions.remarks == ("w.zip is encrypted",)
    assert read_definitions(files[:1], CHAPTERS).doubt("02_second") == ""


def test_an_answer_in_a_cell_that_is_no_python_is_missed():
    definitions = read(
        "encode = 3", "x = 1\ndef decode(code)\n    return 1", "ex.margin.check(margin)"
    )
    assert not definitions.attempted("decode")
    assert definitions.is_spoilt("decode")
    assert not definitions.is_spoilt("margin")


# ------------------------------------------------------------------ hostile text


@pytest.mark.parametrize(
    "source",
    [
        "(" * 100_000,
        "-" * 150_000 + "1",
        "x = " + "+".join("1" * 90_000),
        "a" + ".a" * 90_000,
        "f" + "()" * 90_000,
        "if 1: pass\n" + "elif 1: pass\n" * 14_000,
        "x = " + "[" * 90 + "0" + "]" * 90 + "[0]" * 20_000,
        "lambda: " * 20_000 + "0",
        "x = " + "9" * 5_000,
        "\ud800 = 1",
        "a\0b",
        "'" * 199_999,
        "f'{" * 20_000,
        "x" * 200_001,
        "# coding: latin-9\n\udcff",
        "\n".join(" " * k + "if 1:" for k in range(500)),
    ],
)
def test_hostile_cells_cost_only_themselves(source):
    definitions = read(source, "encode = 3")
    assert run(definitions.program("encode"), "encode") == 3
    assert len(definitions.remarks) <= 1


def test_invalid_escapes_and_coding_lines_are_none_of_our_business():
    assert answer("# coding: no-such\nencode = len('\\d')") == 2


def test_nothing_is_computed():
    definitions = read("encode = 10 ** 10 ** 10\nmargin = 'a' * 10 ** 12")
    assert names(definitions.program("encode")) == ["encode"]


def test_definitions_by_the_ten_thousand():
    chunk = [f"f{k} = lambda: f{k + 1}" for k in range(10_000)]
    sources = ["\n".join(chunk[k : k + 2_000]) for k in range(0, 10_000, 2_000)]
    repeated = ["encode = 1;" * 5_000 for _ in range(3)]
    definitions = read(*sources, *repeated, "encode = lambda: f0", "decode = lambda: f9000")
    assert definitions.program("encode") is None
    assert len(definitions.program("decode")) == 1_001


def test_a_search_that_never_ends_is_ended():
    chain = "\n".join(f"a{k} = b, {k}" for k in range(3_000))
    changes = "\n".join(f"b.x = {k}" for k in range(3_000))
    uses = "+".join(f"(a{k})[1]" for k in range(3_000))
    definitions = read("b = 1", changes, chain, f"def encode(): return {uses.replace('+', ',')}")
    assert definitions.attempted("encode")
    assert definitions.program("encode") is None or len(definitions.program("encode")) < 10_000


@pytest.mark.parametrize(
    "value",
    ["'" + "x" * 20_001 + "'", "b'" + "x" * 20_001 + "'", "[" + "0.123456789," * 2_000 + "]"],
)
def test_heaps_of_data_are_not_taken(value):
    definitions = read(
        f"table = {value}", "def encode(): return table", f"def decode(): return {value}"
    )
    assert names(definitions.program("encode")) == ["encode"]
    assert definitions.attempted("decode")
    assert definitions.program("decode") is None
    assert all("bytes of data" in remark for remark in definitions.remarks)
    assert len(definitions.remarks) == 2


def test_many_small_heaps_of_data_are_a_heap():
    tables = [f"T{k} = {'x' * 9_000!r}\n" for k in range(3)]
    told = read(
        *tables, "def encode(x):\n    return T0 + T1 + T2\n", "def decode(x):\n    return T0\n"
    )
    assert told.attempted("encode")
    assert told.program("encode") is None
    assert names(told.program("decode")) == ["T0", "decode"]


def test_characters_count_by_what_they_can_carry():
    wide = "".join(chr(0x10000 + k) for k in range(9_000))
    told = read(f"T = {wide!r}\n", "def encode(x):\n    return T\n")
    assert names(told.program("encode")) == ["encode"]
    assert "carries" in told.remarks[0]


@pytest.mark.parametrize(
    "heap", ["    # " + "a comment " * 6_000, f"    {'a' * 60_000} = 1", "    x = 1\n" * 6_000]
)
def test_code_that_is_long_is_a_heap_whatever_it_holds(heap):
    long = read(f"def encode(x):\n{heap}\n    return x\n", "def decode(x):\n    return x\n")
    assert long.attempted("encode")
    assert long.program("encode") is None
    assert names(long.program("decode")) == ["decode"]


def test_names_can_hold_data():
    many = "; ".join(f"name_{k:06} = 1" for k in range(1_900))
    assert read(f"def encode(x):\n    {many}\n    return x\n").program("encode") is None
    often = "; ".join(["name_000000 = 1"] * 1_900)
    assert read(f"def encode(x):\n    {often}\n    return x\n").program("encode")


def test_docstrings_of_all_that_is_used_are_data():
    helpers = [f"def f{k}():\n    {'d' * 4_900!r}\n    return {k}" for k in range(9)]
    answers = ["def encode():\n    return " + "+".join(f"f{k}()" for k in range(9))]
    told = read(*helpers, *answers, "def decode():\n    return f0() + f1() + f2()")
    assert told.program("encode") is None
    decode = answer(*helpers, *answers, "def decode():\n    return f0() + f1()", name="decode")
    assert decode() == 1


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        (
            "def f(x):  # why\n    # how\n    return '# no' # x\n",
            "def f(x):  \n    \n    return '# no' \n",
        ),
        ("x = [  # é\n    1,  # two\n]", "x = [  \n    1,  \n]"),
        ("x = 1", "x = 1"),
        ("x = 1\f# page\ny = 2", "x = 1\f\ny = 2"),
        ("x = 1\r# return\ny = 2", "x = 1\r\ny = 2"),
        ("x = (1 +# plus\n2)", "x = (1 +\n2)"),
        ("x = " + "[" * 90 + "# deep\n" + "]" * 90, "x = " + "[" * 90 + "\n" + "]" * 90),
        ("x = " + "-" * 3_000 + "1  # deeper", "None"),
    ],
)
def test_no_comment_goes_into_the_box(text, bare):
    assert without_comments(text) == bare


def test_docstrings_together_are_data():
    helpers = "\n".join(f"    def f{k}():\n        {'d' * 4_000!r}" for k in range(9))
    assert read(f"def encode(x):\n{helpers}\n    return x\n").program("encode") is None


def test_a_search_among_names_that_nobody_defines_ends():
    names = ", ".join(f"u{k}" for k in range(3_000))
    moments = "\n".join(f"v{k} = f()" for k in range(200))
    told = read(
        f"def f():\n    return {names}\n",
        moments,
        f"def encode(x):\n    return {', '.join(f'v{k}' for k in range(200))}\n",
    )
    assert told.attempted("encode")
    assert told.program("encode") is None


def test_an_import_is_not_kept_once_for_each_of_its_names():
    tracemalloc.start()
    told = read(f"from {'a' * 50_000} import {', '.join(['a'] * 10_000)}\n", "def encode(x): ...")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000_000
    assert told.program("a") is None


def test_walruses_within_walruses_are_read_a_few_times_only():
    depth, numbers = 150, ", ".join(["1"] * 30_000)
    nest = "".join(f"(a{k} := " for k in range(depth)) + f"[{numbers}]" + ")" * depth
    assert not read(nest, "def encode(x): ...").attempted("encode")


def test_more_code_than_a_student_can_write_is_not_read():
    heap = notebook(*["def helper(x):\n    return x\n" * 6_000] * 2)
    files = [(f"{k}.ipynb", heap[:-1] + b" " * k + b"}") for k in range(4)]
    told = read_definitions([*files, ("last.ipynb", notebook("def encode(x): return x"))], CHAPTERS)
    assert not told.attempted("encode")
    assert "last.ipynb is not read: the files before it hold too much code" in told.remarks


def test_a_docstring_is_no_data():
    assert (
        answer(
            "\n".join(f"class C{k}:\n    '''{'x' * 4_000}'''" for k in range(9)) + "\nencode = 3"
        )
        == 3
    )


def memory_of_reading(*sources):
    tracemalloc.start()
    try:
        read(*sources)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_only_one_cell_at_a_time_is_a_tree_in_memory():
    cell = "a=[1,2,3,4,5,6,7,8,9];" * 200
    assert memory_of_reading(*[cell] * 8) < 2 * memory_of_reading(cell)


@settings(max_examples=60)
@given(st.lists(st.text(alphabet="encod=:().,\n 1\\@'[]", max_size=40), max_size=4))
def test_no_cell_crashes_the_reader(sources):
    definitions = read(*sources)
    for name in ("encode", "e", "n"):
        for piece in definitions.program(name) or ():
            ast.parse(piece.text)


# ------------------------------------------------------------------ our own notebooks


def solved_chapters(solved):
    chapters, files = {}, []
    for path, module in zip(NOTEBOOKS, MODULES, strict=True):
        tasks = tasks_of(__import__(f"tutorial_lib.exercises.{module}", fromlist=["_"]))
        chapters[path.stem] = {task.name: task for task in tasks}
        page = nbformat.read(path, as_version=4)
        if solved:
            insert_solutions(page)
        files.append((path.name, nbformat.writes(page).encode()))
    return chapters, read_definitions(files, chapters)


def test_nothing_in_our_notebooks_counts_as_an_answer():
    chapters, definitions = solved_chapters(solved=False)
    assert definitions.remarks == ()
    attempted = [
        name for tasks in chapters.values() for name in tasks if definitions.attempted(name)
    ]
    assert attempted == []


def test_what_is_put_into_our_notebooks_is_what_counts():
    chapters, definitions = solved_chapters(solved=True)
    for tasks in chapters.values():
        for name, task in tasks.items():
            pieces = definitions.program(name)
            texts = [piece.text for piece in pieces if name in piece.names]
            assert len(texts) == 1
            assert texts[0].strip() in task.solution_text()
            assert len(pieces) < 20


def test_reading_loads_no_pytorch():
    code = "import sys, tutorial_lib.grading.definitions, tutorial_lib.grading.submissions as s; "
    code += "sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
