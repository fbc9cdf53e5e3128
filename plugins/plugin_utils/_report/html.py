# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one page that needs nothing beside it: no file, no network.

Where no script may run (or no style either, as under the policy that Jenkins sends) it still reads as plain HTML: the
verdict, the counts, what changed, and the first rows that need attention. page.js draws the rest from the JSON in it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .document import Document, Head
from .markup import Content, Markup, element, foreign, is_web_address
from .page_charts import change_chart, outcome_chart
from .page_rows import COLUMNS, STATIC_ROWS, PageRow, data_of, page_rows, static_rows
from .page_words import moment_in_words, words_of

_HERE = Path(__file__).parent
_MODES = {
    "audit": "Audit: looked, and wrote nothing",
    "enforcement": "Enforcement: what differs was to be put right",
}
_REHEARSAL = "Rehearsed on a snapshot: nothing was asked of the organisation itself"


def render(document: Document) -> str:
    """The whole page, without any address that a browser would fetch."""
    style, script = _asset("page.css"), _asset("page.js")
    rows = page_rows(document["rows"])
    page = element(
        "html",
        _machine_head(document, style, script),
        element(
            "body",
            element("a", "To the rows", href="#rows", class_="skip"),
            _banner(document),
            element("main", _overview(document), _rows_section(rows)),
            element("footer", _footer(document["head"])),
            element("script", Markup(data_of(rows)), id="data", type_="application/json"),
            element("script", Markup(script)),
        ),
        lang="en",
    )
    return f"<!DOCTYPE html>\n{page.text}\n"


def _asset(name: str) -> str:
    """A file of this directory without its header: the page is nobody's source."""
    text = (_HERE / name).read_text(encoding="utf-8").replace("\r\n", "\n")
    return text.split("*/\n", 1)[1]


def _machine_head(document: Document, style: str, script: str) -> Markup:
    """The policy knows the page's own style and script by their digest: nothing else runs, nothing is fetched."""
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    head = document["head"]
    title = f"{_word_of(document)}: {head['organization']}, {moment_in_words(head['created'])}"
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", Markup(style)),
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}"


def _word_of(document: Document) -> str:
    if document["verdict"]["failed"]:
        return "Failed"
    return "Passed with warnings" if document["verdict"]["counts"].get("warn") else "Passed"


def _banner(document: Document) -> Markup:
    head, word = document["head"], _word_of(document)
    tone = {"Failed": "fail", "Passed with warnings": "warn"}.get(word, "ok")
    return element(
        "header",
        element("p", "Access to mailboxes of ", foreign(head["organization"]), class_="subject"),
        element("h1", element("span", word, class_=f"badge {tone}"), " ", foreign(document["verdict"]["sentence"])),
        element("p", _counts_in_words(document["verdict"]["counts"]), class_="counts"),
        *([element("p", _REHEARSAL, class_="rehearsal")] if head["rehearsal"] else []),
        element("dl", *(element("div", element("dt", name), element("dd", *value)) for name, value in _facts(head))),
    )


def _counts_in_words(counts: Mapping[str, int]) -> str:
    """``3 fail, 1 warns, 20 are ok``; what is ignored only where something is."""
    words = (("fail", "fails", "fail"), ("warn", "warns", "warn"), ("ok", "is fine", "are fine"))
    ignored = (("ignore", "is ignored", "are ignored"),) if counts.get("ignore") else ()
    parts = (f"{counts.get(key, 0):,} {one if counts.get(key) == 1 else many}" for key, one, many in (*words, *ignored))
    return f"Of the grants, {', '.join(parts)}."


def _facts(head: Head) -> Iterable[tuple[str, tuple[Content, ...]]]:
    """Each with its name, where there is something to say."""
    source = head["source"]
    yield "When", (_time(head["began"]), " to ", _time(head["ended"]))
    yield "Mode", (_MODES.get(head["mode"], head["mode"]),)
    for name, text in (("Signed in as", head["application"]), ("Commit", source["commit"]), ("Ref", source["ref"])):
        if text:
            yield name, (foreign(text),)
    if source["job"] or source["url"]:
        yield "Job", (_link(" ".join(filter(None, (source["system"], source["job"]))), source["url"]),)
    if head["coverage"]:
        yield "Looked at", tuple(_coverage(head))


def _time(moment: str) -> Markup:
    return element("time", moment_in_words(moment), datetime=moment)


def _link(text: str, url: str) -> Markup:
    """A link only where a click leads to a page; else the address is there to be read."""
    if is_web_address(url):
        return element("a", foreign(text or url), href=url, rel="noopener noreferrer")
    return element("span", foreign(text), " ", foreign(url)) if url else foreign(text)


def _coverage(head: Head) -> Iterable[Content]:
    for number, (name, what) in enumerate(head["coverage"].items()):
        yield "; " if number else ""
        yield foreign(f"{words_of(name)}: {what}")


def _overview(document: Document) -> Markup:
    changes = document["changes"]
    parts = [_section("outcomes", "Outcomes", outcome_chart(document))]
    if changes is not None:
        parts.append(_section("changes", "Since last time", change_chart(changes)))
    return element("div", *parts, class_="overview")


def _section(name: str, title: str, *content: Content) -> Markup:
    return element("section", element("h2", title, id=f"{name}-title"), *content, aria_labelledby=f"{name}-title")


def _rows_section(rows: Sequence[PageRow]) -> Markup:
    wanting = sum(row.needs_attention for row in rows)
    shown = min(wanting, STATIC_ROWS)
    some = f"the first {shown:,} of {wanting:,}" if shown < wanting else f"{wanting:,}"
    heads = (element("th", title, scope="col", role="columnheader") for title in COLUMNS)
    table = element(
        "table",
        element("caption", f"Rows that need attention: {some} ({len(rows):,} rows in all)", id="caption"),
        element("thead", element("tr", *heads, role="row"), role="rowgroup"),
        element("tbody", static_rows(rows), role="rowgroup", id="body"),
        role="table",
        class_="rows",
        aria_labelledby="caption",
        id="rows",
        tabindex="-1",
    )
    silent = "All rows, sorting and filters need a browser that runs the page's script. Other formats hold them, too."
    note = element("p", silent, id="silent", class_="note")
    return _section("table", "Grants", _controls(), note, table, _pager())


def _controls() -> Markup:
    """Hidden until page.js makes them work."""
    views = (("attention", "Needs attention"), ("all", "All rows"))
    buttons = (element("button", text, type_="button", id=f"view-{name}", aria_pressed="false") for name, text in views)
    search = element(
        "label", "Text ", element("input", type_="search", id="text", autocomplete="off", spellcheck="false")
    )
    choices = (
        element("label", f"{title} ", element("select", id=title.lower()))
        for title in ("Outcome", "Verdict", "Account")
    )
    return element(
        "div",
        element("div", *buttons, role="group", aria_label="Which rows", class_="views"),
        search,
        *choices,
        element("button", "Clear filters", type_="button", id="clear"),
        element("p", role="status", id="hits"),
        role="search",
        aria_label="Filter the rows",
        class_="controls",
        id="controls",
        hidden=True,
    )


def _pager() -> Markup:
    names = ("First", "Previous", "Next", "Last")
    first, previous, following, last = (
        element("button", name, type_="button", id=f"page-{name.lower()}") for name in names
    )
    place = element("span", id="place")
    return element(
        "nav", first, previous, place, following, last, aria_label="Pages", class_="pager", id="pager", hidden=True
    )


def _footer(head: Head) -> Markup:
    return element("p", f"email_router.exchange_online {head['collection_version']}")
