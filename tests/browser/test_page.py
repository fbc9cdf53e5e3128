# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page around the table in a browser: for every eye and hand, in light and dark, on paper, without a script."""

from __future__ import annotations

import itertools
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report import html
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.document import Document
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.page_rows import COLUMNS
from ansible_collections.email_router.exchange_online.tests.unit.plugin_utils._report.documents import (
    ROWS,
    changes,
    document,
    hostile_document,
    key,
    row,
)
from pypdf import PdfReader

from .conftest import Show
from .driver import Page

#: What WCAG 2.2 demands at level AA of text (1.4.3) and of what else carries a meaning (1.4.11).
OF_TEXT, OF_SHAPES = 4.5, 3.0
COLOURS = (Path(__file__).parent / "colours.js").read_text(encoding="utf-8")


def everything() -> Document:
    """A report in which each kind of thing is there that the page can show."""
    rows = [*ROWS, *(row(mailbox=f"m{number}", verdict="fail") for number in range(150))]
    whole = document(rows, changes(mended=[key("a@contoso.com")], new_drift=[key("b@contoso.com")]))
    whole["head"]["rehearsal"] = True
    return whole


def tree(page: Page) -> list[tuple[str, str]]:
    """Role and name of everything that is not hidden from who listens to the page."""
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    shown = (node for node in nodes if not node["ignored"])
    return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in shown]


# ---- for every eye


@pytest.mark.parametrize(("scheme", "media"), [("light", "screen"), ("dark", "screen"), ("dark", "print")])
def test_every_colour_stands_out(show: Show, scheme: str, media: str) -> None:
    page = show(everything())
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.evaluate("document.getElementById('view-all').click()")
    page.emulate(scheme, media)
    texts, shapes = colours(page)
    page.evaluate("document.getElementById('page-last').click()")
    more_texts, more_shapes = colours(page)
    texts, shapes = [*texts, *more_texts], [*shapes, *more_shapes]
    assert {one["what"] for one in texts} >= {"span.badge fail", "span.badge ok", "span.badge warn", "td", "dt"}
    assert [one for one in texts if one["contrast"] < OF_TEXT] == []
    assert {one["what"] for one in shapes} >= {"rect.fail", "rect.warn", "rect.ok", "rect.ignore"}
    assert [one for one in shapes if one["contrast"] < OF_SHAPES] == []


def colours(page: Page) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What, colour, ground and contrast of every text there is to see, and of every bar and border."""
    found = page.evaluate(COLOURS)
    return found["texts"], found["shapes"]


def test_dark_is_dark_and_paper_is_white(show: Show) -> None:
    page = show(document())
    ground = "getComputedStyle(document.body).backgroundColor"
    seen = {}
    for scheme, media in itertools.product(("light", "dark"), ("screen", "print")):
        page.emulate(scheme, media)
        seen[scheme, media] = page.evaluate(ground)
    white = "rgb(255, 255, 255)"
    assert seen.pop(("dark", "screen")) == "rgb(21, 24, 27)"
    assert set(seen.values()) == {white}


@pytest.mark.parametrize("width", [320, 600, 800, 1000, 1280, 1920])
@pytest.mark.parametrize("report", [everything(), hostile_document()], ids=["usual", "hostile"])
def test_nothing_is_cut_off_however_narrow(show: Show, report: Document, width: int) -> None:
    page = show(report)
    page.resize(width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


# ---- for who listens, and for who has no mouse


@pytest.mark.parametrize("width", [400, 1280])
def test_the_table_stays_a_table_and_everything_has_a_name(show: Show, width: int) -> None:
    page = show(everything())
    page.resize(width)
    found = tree(page)
    roles = {role for role, _name in found}
    assert roles >= {"banner", "main", "contentinfo", "navigation", "search", "status", "heading", "region"}
    assert roles >= {"table", "row", "columnheader", "rowheader", "cell"}
    assert ("table", "Rows that need attention: 155 of 158 rows") in found
    assert ("heading", "Failed 158 grants, 153 of them not as wanted") in found
    named = ("button", "link", "combobox", "searchbox", "table", "region", "navigation", "search")
    assert ("group", "Which rows") in found
    assert [one for one in found if one[0] in named and not one[1].strip()] == []


def test_the_number_of_hits_is_announced(show: Show) -> None:
    page = show(document())
    page.evaluate("document.getElementById('text').focus()")
    page.type("denied")
    assert [role for role, _name in tree(page)].count("status") == 1
    assert page.evaluate("document.querySelector('[role=status]').innerText") == "1 of 8 rows"


def test_the_keyboard_reaches_all_and_the_focus_is_seen(show: Show) -> None:
    page = show(everything())
    reached = []
    for _step in range(40):
        page.press("Tab")
        reached.append(
            page.evaluate(
                "(() => { const on = document.activeElement; const style = getComputedStyle(on);"
                " return [on.id || on.innerText.trim(), style.outlineStyle, parseFloat(style.outlineWidth)]; })()"
            )
        )
        if reached[-1][0] == "page-last":
            break
    names = [name for name, _style, _width in reached]
    assert names[:2] == ["To the rows", "gitlab audit #12"]
    assert names[names.index("view-attention") :] == [
        *("view-attention", "view-all", "text", "outcome", "verdict", "account"),
        *("Verdict", "Outcome", "Mailbox", "Account", "Right", "State", "Before", "Since", "Cause, next step"),
        *("page-first", "page-previous", "page-next", "page-last"),
    ]
    assert [one for one in reached if one[1] == "none" or one[2] < 2] == []


def test_keys_do_what_clicks_do_and_the_focus_stays(show: Show) -> None:
    page = show(everything())
    place = "document.getElementById('place').textContent"
    page.evaluate("document.getElementById('page-next').focus()")
    page.press("Enter")
    assert page.evaluate(place) == "Rows 101 to 155 of 155"
    page.press("Space")
    assert page.evaluate("document.activeElement.id") == "page-next", "though there is no next page"
    page.evaluate("document.querySelector('#rows thead th:nth-child(3) button').focus()")
    page.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.getAttribute('aria-sort')") == "ascending"
    page.press("Space")
    assert page.evaluate("document.activeElement.parentElement.getAttribute('aria-sort')") == "descending"
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    page.evaluate("document.querySelector('.skip').focus()")
    page.press("Enter")
    assert page.evaluate("document.activeElement.id") == "rows"


# ---- on paper


@pytest.mark.parametrize(("rows", "printed"), [(250, 250), (1200, 1000)])
def test_paper_has_what_is_chosen_on_no_pages_to_turn(show: Show, rows: int, printed: int) -> None:
    page = show(document([row(mailbox=f"m{number}", verdict="fail") for number in range(rows)] + [row()] * 50))
    page.evaluate(
        """window.addEventListener("beforeprint", () => {
            const lines = document.querySelectorAll("#body tr").length;
            window.seen = [lines, document.getElementById("caption").textContent];
        })"""
    )
    assert page.pdf().startswith(b"%PDF")
    lines, caption = page.evaluate("window.seen")
    assert lines == printed
    assert caption.startswith("Rows that need attention: ")
    assert ("first 1,000 are printed" in caption) is (rows > printed)
    assert page.evaluate("document.querySelectorAll('#body tr').length") == 100


@pytest.mark.parametrize("scripts", [True, False])
def test_every_sheet_of_paper_has_the_head_of_the_table_and_none_a_control(show: Show, scripts: bool) -> None:
    rows = [row(mailbox=f"m{number}@contoso.com", verdict="fail", outcome="missing") for number in range(120)]
    page = show(document(rows), scripts)
    sheets = [sheet.extract_text() for sheet in PdfReader(BytesIO(page.pdf())).pages]
    assert len(sheets) > 1
    assert [sheet.count(COLUMNS[-1]) for sheet in sheets] == [1] * len(sheets)
    assert [sum(f"m{number}@contoso.com" in sheet for sheet in sheets) for number in range(120)] == [1] * 120
    assert not [sheet for sheet in sheets if "Needs attention" in sheet or "Next" in sheet]


# ---- without a script, and against others'


def test_without_a_script_the_page_is_whole_and_has_no_dead_controls(show: Show) -> None:
    page = show(document(), scripts=False)
    found = tree(page)
    assert ("heading", "Failed 8 grants, 3 of them not as wanted") in found
    assert ("table", "Rows that need attention: 5 (8 rows in all)") in found
    assert sum(role == "rowheader" and name.startswith(("late", "dark", "deny")) for role, name in found) == 3
    assert [one for one in found if one[0] in ("button", "combobox", "searchbox", "navigation")] == []


def test_what_gets_into_the_page_can_neither_run_nor_fetch(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(html.render(document()), encoding="utf-8")
    page.open(file)
    page.evaluate(
        """document.body.insertAdjacentHTML("beforeend",
            '<img src="http://127.0.0.1:9/a" onerror="window.ran = 1">' +
            '<a id="trap" href="javascript:window.ran = 2">x</a>')"""
    )
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = 3'}))")
    page.evaluate("document.getElementById('trap').click()")
    refused = page.evaluate("fetch('http://127.0.0.1:9/b').then(() => false, () => true)")
    assert refused
    assert page.evaluate("typeof window.ran") == "undefined"
    assert sum("Content Security Policy" in trouble for trouble in page.troubles) >= 4
