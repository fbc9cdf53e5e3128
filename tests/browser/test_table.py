# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of the HTML report in a browser: views, order, filters, pages, and ten thousand rows."""

from __future__ import annotations

import json

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report import html
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.page_rows import COLUMNS, VERDICTS
from ansible_collections.email_router.exchange_online.tests.unit.plugin_utils._report.documents import (
    document,
    hostile_document,
    large_document,
    row,
)

from .conftest import Show
from .driver import Page

#: Milliseconds for a page of twenty thousand rows to be there, and for any one step in it. Ten times what they take.
LOAD, STEP = 8000, 1500


def cells(page: Page, column: str) -> list[str]:
    place = COLUMNS.index(column) + 1
    found: list[str] = page.evaluate(
        f"[...document.querySelectorAll('#body tr > :nth-child({place})')]"
        ".map((cell) => cell.innerText.split('\\n')[0])"
    )
    return found


def click(page: Page, selector: str) -> None:
    page.evaluate(f"document.querySelector({selector!r}).click()")


def sort(page: Page, column: str) -> None:
    click(page, f"#rows thead th:nth-child({COLUMNS.index(column) + 1}) button")


def search(page: Page, text: str) -> None:
    page.evaluate("document.getElementById('text').value = ''; document.getElementById('text').focus()")
    page.type(text)


def choose(page: Page, control: str, value: str) -> None:
    """The option that begins with this value."""
    page.evaluate(
        f"""(() => {{
            const control = document.getElementById({control!r});
            control.selectedIndex = [...control.options].findIndex((one) => one.text.startsWith({value!r}));
            control.dispatchEvent(new Event("change"));
        }})()"""
    )


def options(page: Page, control: str) -> list[str]:
    found: list[str] = page.evaluate(f"[...document.getElementById({control!r}).options].map((one) => one.text)")
    return found


def text_of(page: Page, identity: str) -> str:
    found: str = page.evaluate(f"document.getElementById({identity!r}).textContent")
    return found


def timed(page: Page, action: str) -> float:
    """Milliseconds until what an action changed is laid out."""
    taken: float = page.evaluate(
        f"(() => {{ const begin = performance.now(); {action}; document.body.offsetHeight;"
        " return performance.now() - begin; })()"
    )
    return taken


# ---- views


def test_what_needs_attention_is_shown_first_and_all_rows_are_one_click_away(show: Show) -> None:
    page = show(document())
    assert cells(page, "Verdict") == ["fail", "fail", "fail", "warn", "warn"]
    assert text_of(page, "hits") == "5 of 8 rows"
    assert text_of(page, "view-all") == "All rows (8)"
    click(page, "#view-all")
    assert cells(page, "Verdict") == ["fail", "fail", "fail", "warn", "warn", "ignore", "ok", "ok"]
    assert text_of(page, "caption") == "All rows: 8 of 8 rows"
    assert page.evaluate("document.getElementById('view-all').getAttribute('aria-pressed')") == "true"


def test_where_nothing_needs_attention_all_rows_are_shown(show: Show) -> None:
    page = show(document([row(), row(mailbox="info")]))
    assert cells(page, "Mailbox") == ["info", "sales@contoso.com"]
    click(page, "#view-attention")
    assert text_of(page, "body") == "No row needs attention."


def test_a_report_without_rows_says_so(show: Show) -> None:
    page = show(document([], failed=True))
    assert text_of(page, "body") == "There is no row."
    assert page.evaluate("document.getElementById('pager').hidden")


def test_the_script_draws_a_row_exactly_as_it_was_drawn_without_it(show: Show) -> None:
    report = document()
    source = json.dumps(html.render(report))
    before = f"new DOMParser().parseFromString({source}, 'text/html')"
    lines = "[...{}.querySelectorAll('#body tr')].map((line) => line.outerHTML)"
    page = show(report)
    assert page.evaluate(lines.format("document")) == page.evaluate(lines.format(f"({before})"))


# ---- order


@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_sorts_both_ways_and_says_so(show: Show, column: str) -> None:
    page = show(document())
    click(page, "#view-all")
    shown = {}
    for direction in ("ascending", "descending"):
        if (column, direction) != ("Verdict", "ascending"):  # so it comes
            sort(page, column)
        assert page.evaluate(
            "[...document.querySelectorAll('[aria-sort]')]"
            ".map((head) => [head.innerText, head.getAttribute('aria-sort')])"
        ) == [[column, direction]]
        shown[direction] = cells(page, column)
    order = VERDICTS.index if column == "Verdict" else str.lower
    assert shown["ascending"] == sorted(shown["ascending"], key=order)
    assert shown["descending"] == sorted(shown["ascending"], key=order, reverse=True)


def test_numbers_in_names_sort_as_numbers_and_equals_keep_the_worst_first(show: Show) -> None:
    names = [("m10", "ok"), ("m9", "ok"), ("m9", "fail")]
    page = show(document([row(mailbox=name, verdict=verdict) for name, verdict in names]))
    click(page, "#view-all")
    sort(page, "Mailbox")
    assert list(zip(cells(page, "Mailbox"), cells(page, "Verdict"), strict=True)) == [
        ("m9", "fail"),
        ("m9", "ok"),
        ("m10", "ok"),
    ]


# ---- filters


def test_text_finds_rows_in_any_column_by_all_its_words(show: Show) -> None:
    page = show(document())
    search(page, "TIMED")
    assert cells(page, "Mailbox") == ["dark@contoso.com"]
    search(page, "  send 2026-12-31 slow@ ")
    assert cells(page, "Mailbox") == ["slow@contoso.com"]
    assert text_of(page, "hits") == "1 of 8 rows"
    assert text_of(page, "caption") == "Rows that need attention, filtered: 1 of 8 rows"


def test_filters_narrow_one_another_and_tell_what_each_choice_would_show(show: Show) -> None:
    rows = [
        row(mailbox="a", outcome="missing", verdict="fail"),
        row(mailbox="b", outcome="missing", verdict="warn"),
        row(mailbox="c", outcome="denied", verdict="fail", account="other@contoso.com"),
    ]
    page = show(document(rows))
    assert options(page, "outcome") == ["any", "denied (1)", "missing (2)"]
    choose(page, "verdict", "fail")
    assert options(page, "outcome") == ["any", "denied (1)", "missing (1)"]
    assert options(page, "verdict") == ["any", "fail (2)", "warn (1)"], "its own choice does not narrow it"
    choose(page, "account", "other@")
    assert cells(page, "Mailbox") == ["c"]
    assert options(page, "outcome") == ["any", "denied (1)", "missing (0)"]
    click(page, "#clear")
    assert cells(page, "Mailbox") == ["a", "c", "b"]
    assert page.evaluate("document.activeElement.id") == "text"
    assert page.evaluate("document.getElementById('clear').hidden")


def test_what_is_only_among_all_rows_is_told_of(show: Show) -> None:
    page = show(document())
    search(page, "full access")
    assert text_of(page, "body") == "No row that needs attention matches; of all rows 1 does."
    assert text_of(page, "view-all") == "All rows (1)"
    search(page, "nowhere")
    assert text_of(page, "body") == "No row matches."


# ---- pages, and very many rows


def test_pages_are_turned_and_end(show: Show) -> None:
    page = show(document([row(mailbox=f"m{number}", verdict="fail") for number in range(250)]))
    assert text_of(page, "place") == "Rows 1 to 100 of 250"
    click(page, "#page-previous")
    assert text_of(page, "place") == "Rows 1 to 100 of 250"
    click(page, "#page-next")
    click(page, "#page-next")
    assert text_of(page, "place") == "Rows 201 to 250 of 250"
    click(page, "#page-next")
    assert len(cells(page, "Mailbox")) == 50
    assert page.evaluate("document.getElementById('page-next').getAttribute('aria-disabled')") == "true"
    click(page, "#page-first")
    assert cells(page, "Mailbox")[0] == "m0"
    click(page, "#page-last")
    search(page, "m1")
    assert text_of(page, "place") == "Rows 1 to 100 of 111", "a filter begins at the first page"


def test_twenty_thousand_rows_stay_quick(show: Show) -> None:
    page = show(large_document(10_000))
    entry = "performance.getEntriesByType('navigation')[0]"
    assert page.evaluate(f"{entry}.loadEventEnd - {entry}.startTime") < LOAD
    assert page.evaluate("document.querySelectorAll('#body tr').length") == 100
    steps = {
        "all": "document.getElementById('view-all').click()",
        "sort": "document.querySelector('#rows thead th:nth-child(3) button').click()",
        "last": "document.getElementById('page-last').click()",
        "filter": "document.getElementById('text').value = 'mailbox0123';"
        "document.getElementById('text').dispatchEvent(new Event('input'))",
    }
    taken = {name: timed(page, step) for name, step in steps.items()}
    assert max(taken.values()) < STEP, taken
    assert text_of(page, "hits") == "20 of 20,000 rows"


def test_very_many_accounts_are_found_by_text(show: Show) -> None:
    page = show(document([row(mailbox="m", account=f"a{number}", verdict="fail") for number in range(1000)]))
    offered = options(page, "account")
    assert len(offered) == 302
    assert offered[-1] == "others: find them by text"


# ---- what comes from outside


def test_hostile_texts_stay_texts_and_run_nothing(show: Show) -> None:
    report = hostile_document()
    page = show(report)
    click(page, "#view-all")
    for column in COLUMNS:
        sort(page, column)
    assert (
        page.evaluate("document.querySelectorAll('img, #body script, #body details, #body h1, a[href^=java]').length")
        == 0
    )
    search(page, "<script>alert(1)</script>")
    assert text_of(page, "hits") == f"2 of {len(report['rows'])} rows"
