"""The frame of the pages that come of a grading: a string is text, whoever wrote it.

`element` is the only way to make markup, and it escapes whatever is not markup already. So nothing
that a student, a file or a check said can become a tag, an address or a script.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from html import escape

from tutorial_lib.grading.results import Verdict

LONGEST = 300
LONGEST_QUOTE = 4000
# What keeps words of some scripts, and emoji, together; every other invisible character is shown.
_JOINERS = "\u200c\u200d"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

WORDS = {
    Verdict.PASS: "correct",
    Verdict.FAIL: "not yet",
    Verdict.ERROR: "raised an error",
    Verdict.NOT_ATTEMPTED: "not attempted",
    Verdict.TIMEOUT: "took too long",
    Verdict.MEMORY: "used too much memory",
    Verdict.OUTPUT: "printed too much",
    Verdict.CRASH: "the process ended",
    Verdict.INVALID: "not judged",
    Verdict.INTERNAL: "to be looked at: our fault",
}
_SIGNS = {
    Verdict.PASS: "✓",
    Verdict.NOT_ATTEMPTED: "○",
    Verdict.INVALID: "?",
    Verdict.INTERNAL: "?",
}

STYLE = """
:root { color-scheme: light dark;
  --ground: light-dark(#fdfdfb, #17191c); --sheet: light-dark(#f4f3ee, #212429);
  --text: light-dark(#1d2023, #e4e4e0); --quiet: light-dark(#5a5f64, #a9adb2);
  --line: light-dark(#dcdad2, #3a3e44); --accent: light-dark(#2b6a99, #7fb5de);
  --good: light-dark(#1b6b3a, #8fce9f); --todo: light-dark(#92480a, #eab37a);
  --ask: light-dark(#74308c, #d3a4e6); --alarm: light-dark(#a3161c, #ff9f9a); }
* { box-sizing: border-box; }
body { font: 1rem/1.55 system-ui, sans-serif; color: var(--text); background: var(--ground);
  max-width: 56rem; margin: auto; padding: 1.5rem 1rem 4rem; overflow-wrap: anywhere; }
h1, h2, h3 { line-height: 1.25; break-after: avoid; text-wrap: balance; }
h1 { font-size: 1.75rem; margin: .25rem 0 1rem; }
h2 { font-size: 1.3rem; margin: 2.75rem 0 .75rem; }
h3 { font-size: 1.05rem; margin: 0 0 .25rem; }
p { margin: .5rem 0; max-width: 44rem; }
a { color: var(--accent); }
.quiet { color: var(--quiet); }
.course { color: var(--quiet); margin: 0; }
.total { font-size: 1.35rem; font-variant-numeric: tabular-nums; }
.total strong { font-size: 2.4rem; line-height: 1.2; }
.stamp { border: 2px solid var(--alarm); color: var(--alarm); border-radius: .3rem;
  padding: .5rem .8rem; margin: 1rem 0; max-width: none; }
.wide { overflow-x: auto; margin: 1.25rem 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding-bottom: .35rem; }
th, td { padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; overflow-wrap: break-word; }
thead th { color: var(--quiet); font-weight: normal; font-size: .9rem; }
tbody th { font-weight: normal; }
tr { break-inside: avoid; }
.id { white-space: nowrap; width: 4.5rem; } .number { width: 6.5rem; } .result { width: 15rem; }
.verdict { font-weight: 600; }
.tried { width: 4rem; } .mistakes { width: 42%; }
 .share { width: 9rem; font-size: .9rem; white-space: nowrap; }
.share svg { margin: .45rem 0 .1rem; }
.pass { color: var(--good); } .todo { color: var(--todo); }
.ask { color: var(--ask); } .none { color: var(--quiet); font-weight: normal; }
article { background: var(--sheet); border-radius: .4rem; padding: 1rem 1.1rem; margin: 1rem 0; }
pre { font: .8125rem/1.45 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  white-space: pre-wrap; background: var(--ground); border-left: 3px solid var(--line);
  padding: .6rem .8rem; margin: .4rem 0 .8rem; max-height: 24rem; overflow: auto; }
code { font: .9em ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
details { margin: .5rem 0; } details details { margin-left: 1.1rem; }
summary { cursor: pointer; color: var(--accent); width: fit-content; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
ul { padding-left: 1.2rem; } li { margin: .35rem 0; }
svg { display: block; max-width: 100%; }
.track { fill: var(--line); } .fill { fill: var(--accent); }
.axis { stroke: var(--quiet); } svg text { fill: var(--text); font-size: 13px; }
@media print {
  :root { color-scheme: light; font-size: 9.5pt; }
  body { max-width: none; padding: 0; background: none; }
  article { background: none; border: 1px solid var(--line); }
  pre { max-height: none; }
  * { print-color-adjust: exact; }
}
"""


class Html(str):
    """Markup. Every other string is text."""

    __slots__ = ()


def visible(value: str, *, longest: int = LONGEST, lines: bool = False) -> str:
    """Return a text with nothing hidden in it, and of a length that can be read.

    Control characters, marks that turn the direction of writing, line separators, invisible
    characters and halves of surrogate pairs become their numbers, such as ``⟨U+202E⟩``.

    Parameters
    ----------
    value : str
    longest : int
        What is beyond is counted, not shown.
    lines : bool
        Whether line breaks and tabs stay.
    """
    if len(value) > longest:
        value = f"{value[:longest]} … ({len(value) - longest:,} characters more)"
    keep = _JOINERS + ("\n\t" if lines else "")
    return re.sub("[^ -~]", lambda found: _shown(found[0], keep), value)


def _shown(character: str, keep: str) -> str:
    hidden = unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return f"⟨U+{ord(character):04X}⟩" if hidden and character not in keep else character


def element(name: str, /, *children: str, **attributes: object) -> Html:
    """Return an element; children that are no `Html` are text, attributes always are.

    In the name of an attribute ``_`` stands for ``-``, and a last one is dropped: ``class_``.
    """
    properties = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(visible(str(value), longest=2000))}"'
        for key, value in attributes.items()
    )
    content = "".join(map(_escaped, children))
    return Html(f"<{name}{properties}>" + ("" if name == "meta" else f"{content}</{name}>"))


def joined(*parts: str) -> Html:
    """Return markup and texts, one after the other."""
    return Html("".join(map(_escaped, parts)))


def _escaped(child: str) -> str:
    return child if isinstance(child, Html) else escape(visible(child, longest=LONGEST_QUOTE))


def name_of(value: str) -> str:
    """Return a name, such as a student's, in a length that fits into a line."""
    return visible(value, longest=80)


def paragraphs(text: str) -> Html:
    """Return a text of ours, which has blank lines between its paragraphs."""
    parts = (" ".join(part.split()) for part in text.split("\n\n"))
    return joined(*(element("p", part) for part in parts if part))


def quoted(text: str) -> Html:
    """Return what a program said, its lines kept."""
    shown = visible(text.replace("\r\n", "\n"), longest=LONGEST_QUOTE, lines=True)
    return element("pre", Html(escape(shown)), tabindex=0)


def verdict_of(verdict: Verdict) -> Html:
    """Return a verdict as a sign and words, for those who see no colour or no sign."""
    kind = {"✓": "pass", "○": "none", "?": "ask"}.get(sign := _SIGNS.get(verdict, "✗"), "todo")
    shown = element("span", sign, aria_hidden="true")
    return element("span", shown, " ", WORDS[verdict], class_=f"verdict {kind}")


def table(caption: str, header: Sequence[str], rows: Iterable[Sequence[Html]]) -> Html:
    """Return a table that scrolls by itself where the screen is narrow; rows hold its cells."""
    head = joined(*(element("th", name, scope="col") for name in header))
    lines = joined(*(element("tr", *cells) for cells in rows))
    content = element("thead", element("tr", head)), element("tbody", lines)
    whole = element("table", element("caption", caption), *content)
    return element("div", whole, class_="wide", role="region", aria_label=caption, tabindex=0)


def document(title: str, *body: Html) -> bytes:
    """Return a page that needs no other file, no script and no network."""
    meta = [
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
    ]
    head = element("head", *meta, element("title", title), element("style", Html(STYLE)))
    whole = element("html", head, element("body", element("main", *body)), lang="en")
    return f"<!DOCTYPE html>\n{whole}\n".encode()
