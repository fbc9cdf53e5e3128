# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Markdown: what needs attention comes first, it fits in a summary, and no text in it is anything but a text."""

from __future__ import annotations

import re
import time

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.document import Document
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.markdown import prose, render
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from .documents import (
    BEGAN,
    CREATED,
    ENDED,
    HOSTILE,
    ROUTER,
    changes,
    document,
    hostile_document,
    key,
    large_document,
    row,
)

#: As GitHub reads it: tables, strikethrough, HTML, and links made of whatever looks like an address.
READER = MarkdownIt("gfm-like")
MEBIBYTE = 1024 * 1024
ANY = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
SIGNS = st.text(st.sampled_from("`|\\<>[]()*_~#@!&$:/.-+ \n\tawGH1"), max_size=20)


def tokens(text: str) -> list[Token]:
    """Every token, those within lines too."""
    return [each for block in READER.parse(text) for each in (block, *(block.children or ()))]


def tables(text: str) -> list[list[list[str]]]:
    """Every table as rows of cells, each as a reader sees it."""
    found: list[list[list[str]]] = []
    for token in READER.parse(text):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type == "inline" and token.level > 3 and found:
            found[-1][-1].append("".join(each.content for each in token.children or ()))
    return found


def rows_of(text: str) -> list[list[str]]:
    """The rows of the tables of rows, without their headers."""
    return [cells for table in tables(text) for cells in table[1:] if len(cells) == 8]


def links(text: str) -> list[str]:
    return [str(each.attrs["href"]) for each in tokens(text) if each.type == "link_open"]


def test_the_verdict_comes_first() -> None:
    lines = render(document()).splitlines()
    assert lines[0] == "## Mailbox access: failed"
    assert lines[2] == "**8 grants, 3 of them not as wanted**"
    assert render(document([row()])).startswith("## Mailbox access: passed\n\n**all is as wanted**\n")


def test_the_head_says_when_where_by_whom_and_from_what() -> None:
    facts = dict(tables(render(document()))[0][1:])
    assert facts["When"] == f"{BEGAN} to {ENDED}"
    assert facts["Signed in as"] == "00000000-0000-0000-0000-00000000cafe"
    assert facts["Looked at"] == "send_as 7 of 7; full_access 1 of 1"
    assert facts["Commit"] == "0123456789abcdef0123456789abcdef01234567 main"
    assert links(render(document())) == ["https://ci.example/jobs/12"]


def test_a_rehearsal_is_said() -> None:
    whole = document()
    whole["head"]["rehearsal"] = True
    assert "rehearsal" in dict(tables(render(whole))[0][1:])["Mode"]


def test_each_outcome_is_counted_by_its_verdict() -> None:
    """They may differ within an outcome: one pending has a grace, another had it."""
    rows = [row(outcome="pending", verdict=verdict) for verdict in ("warn", "fail", "warn")]
    counted = tables(render(document([row(), *rows])))[1]
    assert counted == [
        ["Outcome", "Verdict", "Rows"],
        ["pending", "fail", "1"],
        ["pending", "warn", "2"],
        ["compliant", "ok", "1"],
        ["all", "", "4"],
    ]


def test_rows_go_by_their_urgency() -> None:
    """Then as they came; what was written goes before what was so already."""
    found = rows_of(render(document()))
    assert [cells[6] for cells in found] == ["fail", "fail", "fail", "warn", "warn", "ignore", "ok", "ok"]
    assert [cells[0] for cells in found][:3] == ["late@contoso.com", "dark@contoso.com", "deny@contoso.com"]
    assert [cells[0] for cells in found][-2:] == ["info", "sales@contoso.com"]


def test_what_needs_no_attention_is_folded_away() -> None:
    text = render(document())
    before, _fold, after = text.partition("<details><summary>Other rows: 3</summary>\n\n|")
    assert "### Needs attention: 5" in before
    assert "gone@contoso.com" in before
    assert "more@contoso.com" in after
    assert after.count("</details>") == 1


def test_a_row_says_why_and_what_to_do() -> None:
    one = row(
        verdict="fail", outcome="missing", cause="not held", next_step="run it again", reason="a move", since=CREATED
    )
    (cells,) = rows_of(render(document([one])))
    assert cells[:4] == ["sales@contoso.com", ROUTER, "send_as", "present"]
    assert cells[7] == f"not held; next: run it again; reason given: a move; missing since {CREATED}"


def test_what_is_unknown_says_what_is_last_known() -> None:
    one = row(outcome="unknown", verdict="fail", standing="compliant", standing_since=CREATED)
    (cells,) = rows_of(render(document([one])))
    assert cells[7] == f"last known: compliant since {CREATED}"


def test_what_changed_is_said_by_kind() -> None:
    text = render(document(changes=changes(new_drift=[key("late@contoso.com")], mailboxes_gone=["old@contoso.com"])))
    assert f"- New drift (1): `late@contoso.com, {ROUTER}, send_as`" in text
    assert "- Mailboxes that went (1): `old@contoso.com`" in text
    assert "Mended" not in text


def test_every_kind_of_change_is_said() -> None:
    keys = ("new_drift", "mended", "new_surplus", "still_pending", "regranted", "other")
    lists = {name: [key(f"{name}@contoso.com")] for name in keys}
    names = {name: [f"{name}@contoso.com"] for name in ("mailboxes_added", "mailboxes_gone")}
    text = render(document([], changes(**lists, **names)))
    assert all(f"{name}@contoso.com" in text for name in (*lists, *names))


def test_a_long_list_of_changes_is_cut_with_a_count() -> None:
    text = render(document(changes=changes(mended=[key(f"m{number}@contoso.com") for number in range(25)])))
    assert "- Mended (25): " in text
    assert len(re.findall(r"`m\d+@", text)) == 20
    assert ", and 5 more" in text


@pytest.mark.parametrize("word", ["GH-1", "0123456789abcdef0123456789abcdef01234567", "c0ffee5,", "contoso/access"])
def test_what_could_be_a_reference_to_a_commit_or_a_repository_is_none(word: str) -> None:
    assert prose(f"see {word}") == f"see `{word.rstrip(',')}`{word[-1] if word.endswith(',') else ''}"


def test_a_number_with_its_sign_stands_as_it_is() -> None:
    assert prose("+3 Send As, -0; - 1") == "+3 Send As, -0; ` - ` 1"
    assert prose("+3x -") == "` +3x ` ` - `"


def test_no_report_before_and_no_change_are_told_apart() -> None:
    assert "Since" not in render(document())
    assert "Nothing has changed." in render(document(changes=changes()))


def test_a_summary_is_cut_at_a_row_with_a_count() -> None:
    whole = large_document()
    text = render(whole)
    assert 900_000 < len(text.encode()) < MEBIBYTE
    shown = re.findall(r"^\| `mailbox.* \| (fail|ok) \|", text, re.MULTILINE)
    assert shown.count("fail") == 2_000
    assert f"**{20_000 - len(shown)} rows are left out here**" in text
    assert text.count("<details>") == text.count("</details>") == 1


def test_it_is_said_when_rows_in_need_of_attention_are_left_out() -> None:
    text = render(large_document(verdict="fail", outcome="missing", cause="né" * 50))
    shown = text.count("\n| `mailbox")
    assert len(text.encode()) < MEBIBYTE
    assert f"**{20_000 - shown} rows are left out here, {20_000 - shown} of them in need of attention**" in text
    assert "<details>" not in text


@pytest.mark.parametrize("sign", ["é", "a", "|", "\n"])
def test_no_single_text_takes_the_room_of_all(sign: str) -> None:
    """The rows after it are still there."""
    text = sign * 3_000_000
    rows = [row(verdict="fail", outcome="missing", cause=text, notes=[text], reason=text), row(mailbox="last")]
    whole = document(rows, changes(mailboxes_gone=[text]), sentence=text)
    rendered = render(whole)
    assert len(rendered.encode()) < MEBIBYTE
    assert [cells[0] for cells in rows_of(rendered)] == ["sales@contoso.com", "last"]


def harmless(whole: Document) -> str:
    """The report, in which a reader finds its own headings and tables, and nothing that came with a text."""
    text = render(whole)
    found = tokens(text)
    assert {each.type for each in found} <= ALLOWED, {each.type for each in found} - ALLOWED
    htmls = [line for each in found if each.type == "html_block" for line in each.content.split("\n") if line]
    assert all(re.fullmatch(r"</details>|<details><summary>Other rows: \d+</summary>", line) for line in htmls), htmls
    assert len(rows_of(text)) == len(whole["rows"])
    assert all(len(cells) == len(table[0]) for table in tables(text) for cells in table)
    plain = " ".join(each.content for each in found if each.type == "text")
    assert not re.search(r"[@#<>\[\]`*~|\\&$]|\w[.:]\w|://|\bGH-\d", plain, re.IGNORECASE), plain
    return text


ALLOWED = {
    *(f"{name}_{end}" for name in ("table", "thead", "tbody", "tr", "th", "td") for end in ("open", "close")),
    *(f"{name}_{end}" for name in ("heading", "paragraph", "strong") for end in ("open", "close")),
    *(f"{name}_{end}" for name in ("bullet_list", "list_item") for end in ("open", "close")),
    *("inline", "text", "code_inline", "html_block"),
}


def test_texts_are_texts_whatever_they_hold() -> None:
    """No heading, link, picture, mention, element or cell comes of them."""
    text = harmless(hostile_document())
    seen = "\n".join(cell for cells in rows_of(text) for cell in cells)
    assert "<script>alert(1)</script>" in seen
    assert "[click](http://evil.example)" in seen
    assert "@octocat" in seen
    assert "a¦b¦c" in seen


@settings(max_examples=60)
@given(st.lists(ANY | SIGNS, min_size=4, max_size=4))
def test_any_text_is_a_text(texts: list[str]) -> None:
    harmless(hostile_document(texts))


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://x/ y", "https://x/>)[y](z", "https://x/|", ""])
def test_a_job_without_a_proper_address_is_no_link(url: str) -> None:
    whole = document()
    whole["head"]["source"]["url"] = url
    assert links(render(whole)) == []


def test_ten_thousand_mailboxes_are_soon_written() -> None:
    whole = large_document()
    started = time.process_time()
    render(whole)
    assert time.process_time() - started < 2.5


def test_the_hostile_texts_do_harm_where_they_are_not_guarded() -> None:
    """Else the tests above would prove nothing of the reader."""
    found = {each.type for text in HOSTILE for each in tokens(f"| a |\n|---|\n| {text} |\n\n{text}")}
    assert found >= {"link_open", "html_inline", "html_block", "image", "heading_open", "em_open", "fence"}
