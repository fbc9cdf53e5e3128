# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CSV: every row is read back as it was, and no spreadsheet finds a formula in it."""

from __future__ import annotations

import csv
import io
import re
import time

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.csv import COLUMNS, render, safe
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.document import Document
from hypothesis import given
from hypothesis import strategies as st

from .documents import HOSTILE, ROWS, document, hostile_document, large_document, row

TEXTS = st.text(st.sampled_from('=+-@\t\r\n ,;|"aé＝'), max_size=12) | st.text(max_size=20)


def read(whole: Document, delimiter: str = ",") -> list[list[str]]:
    """As from a file that was written in UTF-8 as it is, and opened as the documentation of csv says."""
    file = io.TextIOWrapper(io.BytesIO(render(whole).encode()), encoding="utf-8-sig", newline="")
    return list(csv.reader(file, delimiter=delimiter, strict=delimiter == ","))


def test_every_row_is_read_back_as_it_was() -> None:
    header, *rows = read(document())
    assert header == list(COLUMNS)
    assert [dict(zip(header, cells, strict=True)) for cells in rows] == [
        {**each, "notes": "\n".join(each["notes"]), "regranted": str(each["regranted"])} for each in ROWS
    ]


@pytest.mark.parametrize(
    "text",
    ["o'neil@contoso.com", 'says "no"', "a, b; c", "two\nlines", "two\r\nlines", "a - b = c", "info+sales@contoso.com"],
)
def test_what_no_spreadsheet_mistakes_is_as_it_was(text: str) -> None:
    assert read(document([row(cause=text)]))[1][COLUMNS.index("cause")] == text


def test_lines_end_and_cells_are_quoted_as_in_rfc_4180() -> None:
    text = render(document([row(cause='a "quoted" word')]))
    header, line, rest = text.split("\r\n")
    assert rest == ""
    assert header.startswith('\ufeff"mailbox","address",')
    assert '"a ""quoted"" word"' in line


def test_excel_is_told_that_it_is_utf_8() -> None:
    """Without the mark it takes the code page of the machine, and é becomes two signs."""
    assert render(document([])).encode().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("\n=1", "'\n'=1"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("a,=1", "a,'=1"),
        ("a;=1", "a;'=1"),
        ('"a";=1', '"a";\'=1'),
        ("a\n@b", "a\n'@b"),
    ],
)
def test_what_begins_like_a_formula_is_a_text(text: str, expected: str) -> None:
    assert safe(text) == expected


@given(TEXTS)
def test_no_cell_begins_a_formula_wherever_a_spreadsheet_cuts(text: str) -> None:
    """Excel cuts at the separator of lists of its country, and reads quotes otherwise where a comma goes before."""
    whole = render(document([row(cause=text, mailbox=text, notes=[text])]))
    for delimiter in ",;|\t":
        for line in csv.reader(io.StringIO(whole[1:], newline=""), delimiter=delimiter):
            for cell in line:
                assert cell.strip(' "\u00a0')[:1] not in set("=+-@＝＋－＠"), (delimiter, line)
    for cell in re.split(r"[,;|\t\r\n]", whole):
        assert cell.strip(' "\u00a0')[:1] not in set("=+-@＝＋－＠"), whole


@given(TEXTS, st.lists(TEXTS, max_size=3))
def test_any_text_is_one_cell(text: str, notes: list[str]) -> None:
    header, *rows = read(document([row(reason=text, notes=notes), row()]))
    assert [len(each) for each in (header, *rows)] == [len(COLUMNS)] * 3
    cells = dict(zip(header, rows[0], strict=True))
    assert (cells["reason"], cells["notes"]) == (safe(text), safe("\n".join(notes)))


def test_hostile_texts_are_written_and_read() -> None:
    """Half characters and NUL, which no file or no reader takes, are replaced."""
    rows = read(hostile_document())
    assert len(rows) == 1 + 2 * len(HOSTILE)
    assert any("half \ufffd character" in cell for line in rows for cell in line)


def test_ten_thousand_mailboxes_are_soon_written() -> None:
    whole = large_document()
    started = time.process_time()
    text = render(whole)
    assert time.process_time() - started < 2.5
    assert text.count("\r\n") == 20_001
