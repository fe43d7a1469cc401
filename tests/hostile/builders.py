"""Files that are made when they are needed: too large, too broken or too odd to be stored.

``BUILDERS`` has a function for each name, which returns the bytes; ``BUILT`` says what becomes of
them, as `expectations` does for the notebooks in this folder.
"""

import codecs
import io
import json
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hostile.expectations import Expected

HONEST = """import torch


def squared_error(x, reconstruction):
    return ((reconstruction - x) ** 2).sum(dim=1).mean() / 2
"""
OTHER = "def decode(code, weight, bias):\n    return torch.sigmoid(code @ weight.T + bias)\n"
WRONG = "def squared_error(x, reconstruction):\n    return reconstruction\n"
MEBIBYTE = 1 << 20


def notebook(*sources: Any, minor: int = 5, **more: Any) -> dict[str, Any]:
    """Return a notebook with a code cell for each source."""
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{number}",
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(sources)
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": minor, **more}


def honest(**more: Any) -> bytes:
    """Return a right answer to exercise 1.3."""
    return written(notebook(HONEST, **more))


def written(value: Any, **options: Any) -> bytes:
    """Return JSON as Jupyter writes it."""
    return (json.dumps(value, indent=1, **options) + "\n").encode()


# --- Text ------------------------------------------------------------------------------------


def with_outputs() -> bytes:
    """Return a notebook as it is after a day's work: with outputs, pictures and counts."""
    whole = notebook(HONEST, "squared_error(x, x)")
    picture = {"image/png": "iVBORw0KGgo" * 50_000, "text/plain": "<Figure size 640x480>"}
    output = {"output_type": "display_data", "data": picture, "metadata": {}}
    for number, cell in enumerate(whole["cells"], start=1):
        cell["execution_count"] = 100 - number
        cell["outputs"] = [output, {"output_type": "stream", "name": "stderr", "text": ["warning"]}]
    return written(whole)


def forged_outputs() -> bytes:
    """Return a wrong answer whose stored outputs say that it is right."""
    whole = notebook("import torch\n" + WRONG, "ex.squared_error.check(squared_error)")
    told = {"text/plain": "1.3 squared_error: CORRECT, 1 of 1 points"}
    told["text/html"] = "<b>CORRECT</b><script>alert(1)</script>"
    whole["cells"][1]["outputs"] = [
        {"output_type": "execute_result", "execution_count": 2, "data": told, "metadata": {}}
    ]
    return written(whole)


def cells_of_no_kind() -> bytes:
    """Return a right answer among cells that are no cells."""
    whole = notebook(HONEST)
    odd = [None, 1, "code", [], {}, {"cell_type": "code2", "source": WRONG}, {"cell_type": 7}]
    whole["cells"] = [*odd, *whole["cells"], {"cell_type": ["code"], "source": WRONG}]
    return written(whole)


def twice_the_same_key() -> bytes:
    """Return a cell with two sources: readers disagree about which of them counts."""
    text = written(notebook(HONEST)).decode()
    return text.replace('"source":', f'"source": {json.dumps(WRONG)},\n   "source":').encode()


def old_format() -> bytes:
    """Return a notebook of format 3, whose cells lie in worksheets."""
    cells = [{"cell_type": "code", "input": HONEST, "language": "python", "outputs": []}]
    worksheets = [{"cells": cells, "metadata": {}}]
    return written({"worksheets": worksheets, "metadata": {}, "nbformat": 3, "nbformat_minor": 0})


def unfinished_download() -> bytes:
    """Return the first half of a notebook."""
    data = honest()
    return data[: len(data) // 2]


def conflict_markers() -> bytes:
    """Return a notebook in which two versions were merged, and never reconciled."""
    lines = honest().decode().splitlines(keepends=True)
    return "".join(
        [*lines[:5], "<<<<<<< HEAD\n", *lines[5:9], ">>>>>>> mine\n", *lines[9:]]
    ).encode()


def deep_json() -> bytes:
    """Return JSON in a million lists."""
    return b"[" * 1_000_000 + b"]" * 1_000_000


def deep_metadata() -> bytes:
    """Return a right answer whose metadata go 200,000 levels down."""
    deep = b'{"a":' * 200_000 + b"1" + b"}" * 200_000
    return honest().replace(
        b'"metadata": {},\n "nbformat"', b'"metadata": ' + deep + b',\n "nbformat"'
    )


def giant_json() -> bytes:
    """Return a notebook of 64 MiB, most of it one output."""
    return honest().replace(b'"outputs": []', b'"outputs": ["' + b"x" * (64 * MEBIBYTE) + b'"]')


def many_values() -> bytes:
    """Return a small file that takes a gibibyte of memory when it is parsed."""
    return b'{"nbformat": 4, "cells": [' + b"{}," * 5_000_000 + b"{}]}"


def many_cells() -> bytes:
    """Return a notebook of 20,000 cells."""
    return written(notebook(*["x = 1"] * 20_000, HONEST))


def giant_number() -> bytes:
    """Return a notebook with a number of a million digits."""
    return honest().replace(b'"nbformat_minor": 5', b'"nbformat_minor": ' + b"9" * 1_000_000)


def numbers_of_no_kind() -> bytes:
    """Return a right answer beside NaN and infinity, which are no JSON, but which Python reads."""
    return honest().replace(
        b'"metadata": {}', b'"metadata": {"a": NaN, "b": -Infinity, "c": 1e999}'
    )


# --- Cells -----------------------------------------------------------------------------------


def deep_brackets() -> bytes:
    """Return a cell with a million brackets within brackets, beside a right answer."""
    return written(notebook("x = " + "(" * 90_000 + ")" * 90_000, HONEST))


def deep_operators() -> bytes:
    """Return cells with chains of operators, each a level deeper, beside a right answer."""
    chains = ("x = " + "-" * 90_000 + "1", "x = " + "1+" * 45_000 + "1", "x" + ".x" * 45_000)
    blocks = "".join(" " * k + "if 1:\n" for k in range(99)) + " " * 99 + "pass"
    calls = "x = " + "f(" * 150 + ")" * 150
    lambdas = "x = " + "lambda: " * 20_000 + "1"
    return written(notebook(*chains, blocks, calls, lambdas, HONEST))


def deep_functions() -> bytes:
    """Return a cell with ninety functions within functions, beside a right answer."""
    start = "".join(" " * k + f"def f{k}():\n" for k in range(90))
    return written(notebook(start + " " * 90 + "return 1\n", HONEST))


def giant_cell() -> bytes:
    """Return a cell of 1.5 million statements, beside a right answer."""
    return written(notebook("x = 1\n" * 1_500_000, HONEST))


def giant_literals() -> bytes:
    """Return a cell with numbers and texts that are long, or long when computed."""
    return written(
        notebook("x = " + "9" * 100_000, "y = 'x' * 10**10", "z = 10**10**10", "\x0c" + HONEST)
    )


def slow_to_clean() -> bytes:
    """Return cells in which a search for magics that goes back and forth would take hours."""
    words = ("a, " * 40_000 + "!", "'" * 70_001, '"""' + "\\" * 70_000, "%" + "\\\n" * 30_000)
    return written(notebook(*words, "x = (" * 10_000, "a=" * 40_000 + "!", HONEST))


# --- Archives --------------------------------------------------------------------------------


def archive(members: Sequence[tuple[str | zipfile.ZipInfo, bytes]]) -> bytes:
    """Return a zip file with these members, in this order, whatever their names."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as whole:
        for name, data in members:
            whole.writestr(name, data)
    return file.getvalue()


def _entry(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, mode << 16
    return entry


def zip_bomb() -> bytes:
    """Return a small archive with a notebook of 256 MiB in it."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        file.writestr("anna/01.ipynb", honest())
        with file.open("berta/01.ipynb", "w", force_zip64=True) as member:
            for _ in range(256):
                member.write(bytes(MEBIBYTE))
    return whole.getvalue()


def lying_sizes() -> bytes:
    """Return an archive that says of 200 MiB that they are 100 bytes."""
    data = bytearray(
        archive([("berta/01.ipynb", b" " * (200 * MEBIBYTE)), ("anna/01.ipynb", honest())])
    )
    true = struct.pack("<I", 200 * MEBIBYTE)
    return bytes(data.replace(true, struct.pack("<I", 100)))


def overlapping_members() -> bytes:
    """Return an archive in which 2,000 names stand for the same, highly compressed megabytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    plain = bytes(16 * MEBIBYTE)
    packed = packer.compress(plain) + packer.flush()
    sizes = struct.pack("<III", zlib.crc32(plain), len(packed), len(plain))
    head = struct.pack("<HHHHH", 20, 0, 8, 0, 33) + sizes
    body = b"PK\3\4" + head + struct.pack("<HH", 1, 0) + b"x" + packed
    listed = b""
    for number in range(2000):
        name = f"s{number:04}/01.ipynb".encode()
        listed += b"PK\1\2" + struct.pack("<H", 20) + head
        listed += struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0) + name
    end = struct.pack("<HHHHIIH", 0, 0, 2000, 2000, len(listed), len(body), 0)
    return body + listed + b"PK\5\6" + end


def zip_in_zip() -> bytes:
    """Return an archive in an archive, forty times, with the bomb at the bottom."""
    data = zip_bomb()
    for level in range(40):
        data = archive([(f"anna/{level}.zip", data)])
    return data


def zip_slip() -> bytes:
    """Return an archive whose members would be written outside of any folder."""
    names = ("../marks.csv", "../../../../tmp/slipped.ipynb", "/tmp/slipped.ipynb", "..\\x.ipynb")
    more = (
        "C:\\slipped.ipynb",
        "anna/../../x.ipynb",
        "anna/./01.ipynb/..",
        "anna\0/x.ipynb",
        "anna//x.ipynb",
    )
    members = [(name, honest()) for name in (*names, *more)]
    return archive([*members, ("anna/01.ipynb", honest())])


def zip_links() -> bytes:
    """Return an archive with symbolic links, pipes and devices in the place of notebooks."""
    link, pipe, device = stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o666, stat.S_IFCHR | 0o666
    return archive(
        [
            (_entry("berta/01.ipynb", link), b"/etc/passwd"),
            (_entry("carla/01.ipynb", link), b"../anna/01.ipynb"),
            (_entry("dora", link), b"anna"),
            (_entry("emma/01.ipynb", pipe), b""),
            (_entry("fanny/01.ipynb", device), b""),
            ("anna/01.ipynb", honest()),
        ]
    )


def zip_twice_the_same_name() -> bytes:
    """Return an archive with two members of one name, of which readers take one or the other."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as whole:
        whole.writestr("anna/01.ipynb", written(notebook(WRONG)))
        whole.writestr("anna/02.ipynb", honest())
    return file.getvalue().replace(b"anna/02.ipynb", b"anna/01.ipynb")


def zip_with_a_password() -> bytes:
    """Return an archive that says of its only member that it is encrypted."""
    data = bytearray(archive([("anna/01.ipynb", honest())]))
    for sign, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(sign) + place] |= 1
    return bytes(data)


def zip_damaged() -> bytes:
    """Return an archive in which a byte of the notebook was changed on the way."""
    data = bytearray(archive([("anna/01.ipynb", honest()), ("berta/01.ipynb", honest())]))
    data[60] ^= 0xFF
    return bytes(data)


def zip_cut_off() -> bytes:
    """Return the first half of an archive."""
    data = archive([("anna/01.ipynb", honest()), ("berta/01.ipynb", honest())])
    return data[: len(data) // 2]


def links_in_a_folder(folder: Path) -> None:
    """Put into a folder of submissions what is no file: links, a circle of them, and a pipe."""
    (folder / "anna").mkdir(parents=True)
    (folder / "anna" / "01.ipynb").write_bytes(honest())
    for student, target in (("berta", "/etc/passwd"), ("carla", "../anna/01.ipynb")):
        (folder / student).mkdir()
        (folder / student / "01.ipynb").symlink_to(target)
    (folder / "dora").symlink_to("anna")
    (folder / "emma").symlink_to(".")
    (folder / "fanny").mkdir()
    os.mkfifo(folder / "fanny" / "01.ipynb")
    (folder / "gerda").mkdir()
    (folder / "gerda" / "01.ipynb").mkdir()


# --- What becomes of them --------------------------------------------------------------------

# Each is what one student hands in as a notebook.
BUILDERS: dict[str, Callable[[], bytes]] = {
    "with_outputs": with_outputs,
    "forged_outputs": forged_outputs,
    "cells_of_no_kind": cells_of_no_kind,
    "twice_the_same_key": twice_the_same_key,
    "byte_order_mark": lambda: codecs.BOM_UTF8 + honest(),
    "windows_lines": lambda: honest().replace(b"\n", b"\r\n"),
    "one_line": lambda: json.dumps(notebook(HONEST, OTHER)).encode(),
    "trailing_white_space": lambda: b"\n\n  " + honest() + b"\n\n\t\n",
    "utf_16": lambda: honest().decode().encode("utf-16"),
    "utf_32_without_a_mark": lambda: honest().decode().encode("utf-32-le"),
    "latin_1": lambda: (
        written(notebook(HONEST, "# Größe"), ensure_ascii=False).decode().encode("latin-1")
    ),
    "old_format": old_format,
    "future_format": lambda: honest(nbformat=5),
    "format_of_no_kind": lambda: honest(nbformat="4"),
    "no_format": lambda: b'{"cells": []}',
    "a_list": lambda: b"[]",
    "a_text": lambda: b'"notebook"',
    "empty": lambda: b"",
    "zeros": lambda: bytes(10_000),
    "random": lambda: bytes(range(256)) * 100,
    "a_web_page": lambda: b"<!DOCTYPE html><html><title>Sign in</title></html>",
    "python_source": lambda: HONEST.encode(),
    "unfinished_download": unfinished_download,
    "conflict_markers": conflict_markers,
    "deep_json": deep_json,
    "deep_metadata": deep_metadata,
    "giant_json": giant_json,
    "many_values": many_values,
    "many_cells": many_cells,
    "giant_number": giant_number,
    "numbers_of_no_kind": numbers_of_no_kind,
    "source_of_no_kind": lambda: written(notebook({"text": HONEST})),
    "source_of_mixed_kinds": lambda: written(notebook(["x = ", 1, None])),
    "deep_brackets": deep_brackets,
    "deep_operators": deep_operators,
    "deep_functions": deep_functions,
    "giant_cell": giant_cell,
    "giant_literals": giant_literals,
    "slow_to_clean": slow_to_clean,
}

# Each is a whole class's submissions. In all of them anna's notebook is honest.
ARCHIVES: dict[str, Callable[[], bytes]] = {
    "zip_bomb": zip_bomb,
    "lying_sizes": lying_sizes,
    "overlapping_members": overlapping_members,
    "zip_in_zip": zip_in_zip,
    "zip_slip": zip_slip,
    "zip_links": zip_links,
    "zip_twice_the_same_name": zip_twice_the_same_name,
    "zip_with_a_password": zip_with_a_password,
    "zip_damaged": zip_damaged,
    "zip_cut_off": zip_cut_off,
}

_PASS = {"1.3": "PASS"}
# The file cannot be read as a whole: a remark says why, and nobody guesses what was in it.
_UNREADABLE = {"*": "INVALID"}

BUILT = (
    Expected("with_outputs", _PASS, "Has the outputs and pictures of a day's work."),
    Expected("forged_outputs", {"1.3": "FAIL"}, "Has an output that says CORRECT."),
    Expected("cells_of_no_kind", _PASS, "Has cells that are no cells, beside a right answer."),
    Expected("twice_the_same_key", _PASS, "Has a cell with two sources; the last one counts."),
    Expected("byte_order_mark", _PASS, "Begins with a byte order mark, as Windows writes it."),
    Expected("windows_lines", _PASS, "Has lines that end as they do on Windows."),
    Expected("one_line", _PASS | {"1.2": "PASS"}, "Is written on one line."),
    Expected("trailing_white_space", _PASS, "Has white space around it."),
    Expected("utf_16", _UNREADABLE, "Is UTF-16 text."),
    Expected("utf_32_without_a_mark", _UNREADABLE, "Is UTF-32 text, and does not say so."),
    Expected("latin_1", _UNREADABLE, "Is Latin-1 text with an umlaut."),
    Expected("old_format", _UNREADABLE, "Is a notebook of format 3."),
    Expected("future_format", _UNREADABLE, "Is a notebook of a format to come."),
    Expected("format_of_no_kind", _UNREADABLE, "Has a text where its format is expected."),
    Expected("no_format", _UNREADABLE, "Has no format."),
    Expected("a_list", _UNREADABLE, "Is JSON, but a list."),
    Expected("a_text", _UNREADABLE, "Is JSON, but a text."),
    Expected("empty", _UNREADABLE, "Is an empty file."),
    Expected("zeros", _UNREADABLE, "Is a file of zeros, as a full disk leaves it."),
    Expected("random", _UNREADABLE, "Is no text at all."),
    Expected("a_web_page", _UNREADABLE, "Is the page that asks one to sign in, saved instead."),
    Expected("python_source", _UNREADABLE, "Is a Python file under the name of a notebook."),
    Expected("unfinished_download", _UNREADABLE, "Ends in the middle."),
    Expected("conflict_markers", _UNREADABLE, "Holds the marks of an unfinished merge."),
    Expected("deep_json", _UNREADABLE, "Is JSON a million levels deep."),
    Expected("deep_metadata", _UNREADABLE, "Has metadata 200,000 levels deep."),
    Expected("giant_json", _UNREADABLE, "Is 64 MiB large."),
    Expected("many_values", _UNREADABLE, "Takes a gibibyte of memory when it is parsed."),
    Expected("many_cells", _UNREADABLE, "Has 20,000 cells."),
    Expected("giant_number", _UNREADABLE, "Has a number of a million digits."),
    Expected("numbers_of_no_kind", _PASS, "Has NaN and infinity in its metadata."),
    Expected("source_of_no_kind", _UNREADABLE, "Has a dictionary where text is expected."),
    Expected("source_of_mixed_kinds", _UNREADABLE, "Has numbers among its lines of text."),
    Expected("deep_brackets", _PASS, "Has a cell of brackets that costs only itself."),
    Expected("deep_operators", _PASS, "Has cells of operators that cost only themselves."),
    Expected("deep_functions", _PASS, "Has a cell of ninety functions within functions."),
    Expected("giant_cell", _UNREADABLE, "Has a cell of 9 million characters."),
    Expected("giant_literals", _PASS, "Has numbers that nobody should compute."),
    Expected("slow_to_clean", _PASS, "Has cells that are slow to read for a careless reader."),
)

# What becomes of anna's exercise 1.3. The archive as a whole may be refused instead, but never
# may anything be written, nor another file be read.
BUILT_ARCHIVES = (
    Expected("zip_bomb", _PASS, "Has a notebook of 256 MiB in 250 KiB."),
    Expected("lying_sizes", _PASS, "Says of 200 MiB that they are 100 bytes."),
    Expected("overlapping_members", _UNREADABLE, "Has 2,000 names for the same compressed data."),
    Expected("zip_in_zip", _UNREADABLE, "Is an archive in an archive, forty times."),
    Expected("zip_slip", _PASS, "Has names that lead out of the folder."),
    Expected("zip_links", _PASS, "Has links, pipes and devices for notebooks."),
    Expected("zip_twice_the_same_name", {"1.3": "INVALID|PASS|FAIL"}, "Has a name twice."),
    Expected("zip_with_a_password", _UNREADABLE, "Says that it is encrypted."),
    Expected("zip_damaged", {"1.3": "PASS|INVALID"}, "Was damaged on the way."),
    Expected("zip_cut_off", _UNREADABLE, "Is the first half of an archive."),
)
