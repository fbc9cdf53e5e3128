# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTML: what the page says without a script, to everybody, and what it gives to its script."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.html import render
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.page_rows import (
    COLUMNS,
    STATIC_ROWS,
    PageRow,
)

from .documents import changes, document, key, large_document, row
from .html_tree import facts_of, lines_of, read, rows_of

# ---- what it says


def test_the_verdict_is_said_in_words_and_first() -> None:
    page = read(document(sentence="3 mailboxes are not as wanted"))
    assert page.one("h1").text == "Failed 3 mailboxes are not as wanted"
    assert "3 fail, 2 warn, 2 are fine, 1 is ignored" in page.one("header").text
    assert page.one("title").text == "Failed: contoso.onmicrosoft.com, 2026-11-28 02:00 UTC"


@pytest.mark.parametrize(
    ("verdict", "words"), [("ok", "Passed"), ("ignore", "Passed"), ("warn", "Passed with warnings"), ("fail", "Failed")]
)
def test_each_verdict_has_its_words(verdict: str, words: str) -> None:
    assert read(document([row(verdict=verdict)])).one("h1").text.startswith(f"{words} ")


def test_a_run_that_failed_without_a_row_has_failed() -> None:
    page = read(document([], failed=True, sentence="nothing was looked at"))
    assert page.one("h1").text == "Failed nothing was looked at"
    assert page.one("tbody", id="body").text == "No row needs attention."


def test_the_head_says_when_how_by_whom_and_what_was_looked_at() -> None:
    whole = document()
    facts = facts_of(read(whole))
    assert facts == {
        "When": "2026-11-28 01:58 UTC to 2026-11-28 02:00 UTC",
        "Mode": "Audit: looked, and wrote nothing",
        "Signed in as": "00000000-0000-0000-0000-00000000cafe",
        "Commit": "0123456789abcdef0123456789abcdef01234567",
        "Ref": "main",
        "Job": "gitlab audit #12",
        "Looked at": "send as: 7 of 7; full access: 1 of 1",
    }
    assert read(whole).one("a", href="https://ci.example/jobs/12").text == "gitlab audit #12"


def test_outside_of_a_ci_system_nothing_is_said_of_one() -> None:
    whole = document()
    whole["head"]["source"] = {"system": "", "commit": "", "ref": "", "job": "", "url": ""}
    assert facts_of(read(whole)).keys() == {"When", "Mode", "Signed in as", "Looked at"}


def test_a_rehearsal_is_called_one() -> None:
    whole = document()
    assert "snapshot" not in read(whole).one("header").text
    whole["head"]["rehearsal"] = True
    assert "Rehearsed on a snapshot" in read(whole).one("header").text


def test_outcomes_are_counted_and_drawn() -> None:
    rows = [row()] * 6 + [row(outcome="not_found", verdict="fail")] * 2 + [row(outcome="not_found", verdict="warn")]
    page = read(document(rows))
    table = page.one("table", class_="chart outcomes")
    lines = lines_of(table)
    assert [line[:3] for line in lines] == [
        ["compliant: as wanted; nothing was to be done", "6", "fine"],
        ["not found: no such mailbox", "3", "2 fail1 warns"],
    ]
    bars = [
        [
            (each.attributes["class"], float(each.attributes["x"]), float(each.attributes["width"]))
            for each in line.all("rect")
        ]
        for line in table.one("tbody").all("tr")
    ]
    assert bars == [[("ok", 0, 100)], [("fail", 0, 33.33), ("warn", 33.33, 16.67)]]
    assert "None: missing, unwanted," in page.text


def test_what_is_rare_among_very_many_is_still_drawn() -> None:
    page = read(document([row()] * 9_999 + [row(outcome="missing", verdict="fail")]))
    (drawn,) = page.all("rect", class_="fail")
    assert float(drawn.attributes["width"]) >= 1


def test_where_no_style_is_let_in_a_bar_is_as_small_as_a_line() -> None:
    bars = read(document(changes=changes())).all("svg")
    assert {(each.attributes["width"], each.attributes["height"]) for each in bars} == {("200", "12")}


def test_changes_are_counted_and_named() -> None:
    many = [key(f"m{number}@contoso.com") for number in range(60)]
    page = read(document(changes=changes(mended=many, new_drift=[key("a@contoso.com")], mailboxes_gone=["old"])))
    table = page.one("table", class_="chart changes")
    assert "2026-11-27 02:00 UTC" in table.one("caption").text
    counts = {line.one("summary").text: line.all("td")[0].text for line in table.one("tbody").all("tr")}
    assert counts == {"New drift": "1", "Mended": "60", "Mailboxes gone": "1"}
    assert (
        "None: new surplus, gone again though it had been held, still pending, new mailboxes, another outcome."
        in page.text
    )
    drift, mended, gone = table.all("ul")
    assert drift.text == "a@contoso.com: Send As for crmrouter@contoso.com"
    assert (len(mended.all("li")), mended.all("li")[-1].text) == (51, "and 10 more")
    assert gone.text == "old"


def test_without_an_earlier_report_nothing_is_said_of_changes() -> None:
    assert not read(document()).all("table", class_="chart changes")


def test_where_nothing_changed_the_page_says_so() -> None:
    page = read(document(changes=changes()))
    assert "Nothing is otherwise than in the report of 2026-11-27 02:00 UTC" in page.text
    assert not page.all("table", class_="chart changes")


# ---- the rows


def test_rows_that_need_attention_are_there_without_a_script_and_trouble_comes_first() -> None:
    page = read(document())
    lines = lines_of(page.one("table", id="rows"))
    assert [line[:3] for line in lines] == [
        ["fail", "missing", "late@contoso.com sales@contoso.com"],
        ["fail", "denied", "deny@contoso.com sales@contoso.com"],
        ["fail", "unknown", "dark@contoso.com sales@contoso.com"],
        ["warn", "pending", "slow@contoso.com sales@contoso.com"],
        ["warn", "not found", "gone@contoso.com"],
    ]
    assert lines[0][3:] == ["crmrouter@contoso.com", "Send As", "present", "not held", "", "driftnext: mend"]
    assert lines[3][-1] == (
        "wanted until 2026-12-31reason given: movegone again though it had been held in 3 reports on end: something"
        " else removes it"
    )
    assert "5 (8 rows in all)" in page.one("table", id="rows").one("caption").text


def test_what_is_granted_again_night_after_night_needs_attention_though_it_is_well() -> None:
    page = read(document([row(outcome="granted", regranted=times) for times in (1, 2)]))
    assert len(lines_of(page.one("table", id="rows"))) == 1
    assert "something else removes it" in page.one("table", id="rows").text


def test_every_row_is_in_the_data_in_the_same_order_with_every_field() -> None:
    whole = document()
    rows = rows_of(read(whole))
    names = list(PageRow.__dataclass_fields__)
    assert len(rows) == len(whole["rows"])
    assert [one[names.index("verdict")] for one in rows] == ["fail"] * 3 + ["warn"] * 2 + ["ignore"] + ["ok"] * 2
    well = dict(zip(names, rows[-2], strict=True))
    assert (well["mailbox"], well["address"], well["needs_attention"]) == ("sales@contoso.com", "", False)
    assert len(names) == len(COLUMNS) + 2, "page.js finds address and attention after the columns"


def test_the_page_grows_with_its_data_only() -> None:
    rows = large_document(10_000, outcome="missing", verdict="fail", cause="not held")
    page = render(rows)
    assert page.count('<tr role="row">') == STATIC_ROWS + 1
    assert f"the first {STATIC_ROWS} of 20,000" in page
    assert len(page) < 400_000 + 200 * len(rows["rows"])


# ---- for everybody


def test_the_page_has_landmarks_labels_and_captions() -> None:
    page = read(document(changes=changes(mended=[key("a")])))
    assert page.one("html").attributes["lang"] == "en"
    assert [len(page.all(tag)) for tag in ("header", "main", "footer", "nav", "h1")] == [1] * 5
    ids = [node.attributes["id"] for node in page.all("*") if "id" in node.attributes]
    assert len(ids) == len(set(ids))
    for section in page.all("section"):
        assert section.attributes["aria-labelledby"] in ids
    for table in page.all("table"):
        assert table.one("caption").text
        assert {head.attributes["scope"] for head in table.one("thead").all("th")} == {"col"}
        assert all(line.one("th").attributes["scope"] == "row" for line in table.one("tbody").all("tr"))
    controls = page.one("div", id="controls")
    assert len(controls.all("label")) == len(controls.all("input")) + len(controls.all("select")) == 4
    assert "hidden" in controls.attributes, "dead controls are of no use to anybody"
    assert controls.one("p", role="status")
