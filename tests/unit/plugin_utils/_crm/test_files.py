# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files to tables: CSV in three encodings and with three delimiters, XLSX as CRM makes it, JSON of the Web API."""

from __future__ import annotations

import io
import json
import re
import sys
import warnings
import zipfile
from collections.abc import Callable

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._crm.files import read_table
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._crm.tables import (
    ExportError,
    MissingLibrary,
    OptionError,
    Row,
    Table,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.reader.excel import load_workbook

from .samples import HEADINGS, csv_text, mailbox, xlsx

ROWS = (["Name", "Email Address"], ["Zoë", "zoe@contoso.com"], ["Ann; Bob, Eve", "ann@contoso.com"])
TABLE = Table("export", ("Name", "Email Address"), (Row(2, ("Zoë", ROWS[1][1])), Row(3, (ROWS[2][0], ROWS[2][1]))))
Change = Callable[[str, bytes], bytes]
LABEL = "@OData.Community.Display.V1.FormattedValue"


def written(delimiter: str = ",") -> str:
    return csv_text(*ROWS[1:], headings=ROWS[0], delimiter=delimiter)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_excel_saves_is_read_without_being_told_how(delimiter: str, encoding: str) -> None:
    assert read_table("export", written(delimiter).encode(encoding)) == TABLE


def test_a_byte_order_mark_of_the_big_end_is_read_too() -> None:
    assert read_table("export", b"\xfe\xff" + written().encode("utf-16-be")) == TABLE


def test_encoding_and_delimiter_can_be_told() -> None:
    content = written("|").encode("cp850")
    assert read_table("export", content, delimiter="|", encoding="cp850") == TABLE
    assert read_table("export", written("\t").encode(), delimiter="tab") == TABLE


def test_the_first_line_by_which_excel_is_told_the_delimiter_is_no_row() -> None:
    assert read_table("export", f"sep=|\r\n{written('|')}".encode()) == TABLE


def test_a_list_of_one_column_needs_no_delimiter() -> None:
    table = read_table("export", b"Email Address\nann@contoso.com\n")
    assert (table.headings, table.rows) == (("Email Address",), (Row(2, ("ann@contoso.com",)),))


def test_blank_lines_count_but_are_no_rows_and_cells_in_quotes_may_hold_lines() -> None:
    table = read_table("export", b'\n\na,b\n"1\n2",3\n,,\n4\n5,6,7,,\n')
    assert table.headings == ("a", "b")
    assert table.rows == (Row(4, ("1\n2", "3")), Row(6, ("4", "")), Row(7, ("5", "6", "7")))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "there is nothing in it"),
        (b"\r\n \r\n", "there is nothing in it"),
        (b'a,b\n1,2\n3,"4\n5,6\n', "export, line 4: it is no CSV"),
        (b"Name\n\x81\n", "it is no text in utf-8-sig or cp1252"),
        ("Name\nAnn\n".encode("utf-16-le"), "it is no text in utf-8-sig or cp1252"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "it is an old or an encrypted Excel file"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "it is XML or HTML"),
        (b"{", "it is no JSON"),
        (b"[" * 100_000, "it is no JSON"),
        (b'{"error": {"code": "0x80040220"}}', "it has no list of records"),
        (b'[{"name": "Ann"}, "Bob"]', "export, record 2: it is no object"),
        (b"PK\x03\x04 and then something else", "it is no XLSX that can be read"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place_and_remedy(content: bytes, fault: str) -> None:
    with pytest.raises(ExportError, match=fault) as caught:
        read_table("export", content)
    assert caught.value.place.startswith("export")
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"delimiter": "; "}, "option delimiter: '; ' is not one character"),
        ({"encoding": "ebcdic"}, "option encoding: Python knows no encoding"),
    ],
)
def test_an_option_that_cannot_be_meant_is_named(options: dict[str, str], fault: str) -> None:
    with pytest.raises(OptionError, match=fault):
        read_table("export", b"a;b", **options)


def test_the_sheet_that_a_user_sees_is_read_and_cells_of_any_type_become_text() -> None:
    table = read_table("export", xlsx([1.0, 2.5, True], [None, " x\u00a0", 3], headings=["a", "b", "c"]))
    assert table.headings == ("a", "b", "c")
    assert table.rows == (Row(2, ("1", "2.5", "true")), Row(3, ("", "x", "3")))


def test_the_same_rows_make_the_same_table_from_csv_and_xlsx() -> None:
    rows = [mailbox("ann@contoso.com"), mailbox("bob@contoso.com", Owner="Zoë")]
    assert read_table("export", xlsx(*rows)) == read_table("export", csv_text(*rows).encode())


def test_what_openpyxl_warns_of_is_not_told_to_the_user() -> None:
    content = rebuilt(
        xlsx(mailbox("ann@contoso.com")), lambda _name, part: re.sub(b"<cellStyles.*</cellStyles>", b"", part)
    )
    with pytest.warns(UserWarning, match="no default style"):
        load_workbook(io.BytesIO(content), read_only=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(read_table("export", content).rows) == 1


def rebuilt(content: bytes, change: Change) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return made.getvalue()


def test_a_workbook_without_a_visible_sheet_is_refused() -> None:
    hidden = rebuilt(
        xlsx(), lambda name, part: part.replace(b'"visible"', b'"hidden"') if name == "xl/workbook.xml" else part
    )
    with pytest.raises(ExportError, match="no sheet of it is visible"):
        read_table("export", hidden)


@settings(max_examples=60)
@given(st.data())
def test_a_damaged_workbook_is_an_export_error_or_a_table_and_never_a_crash(data: st.DataObject) -> None:
    victim = data.draw(st.sampled_from(zipfile.ZipFile(io.BytesIO(xlsx())).namelist()))
    sign = data.draw(st.sampled_from(list(b'<>"/a0 &=')))

    def damaged(name: str, part: bytes) -> bytes:
        if name != victim:
            return part
        at = data.draw(st.integers(0, len(part) - 1))
        return part[:at] + bytes([sign]) + part[at + 1 :]

    assert "export" in outcome(rebuilt(xlsx(mailbox("ann@contoso.com")), damaged))


def outcome(content: bytes) -> set[str]:
    """Where the table is from, or the error is about."""
    try:
        return {read_table("export", content).source}
    except ExportError as error:
        return {error.place}


def test_without_openpyxl_xlsx_cannot_be_read_but_csv_can(monkeypatch: pytest.MonkeyPatch) -> None:
    content = xlsx()
    for name in [name for name in sys.modules if name.split(".")[0] == "openpyxl"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingLibrary) as caught:
        read_table("export", content)
    assert (caught.value.library, caught.value.instead) == ("openpyxl", "save it as CSV")
    assert read_table("export", written().encode()) == TABLE


def test_options_are_numbers_lookups_are_labels_and_other_annotations_are_no_cells() -> None:
    record = {
        "@odata.etag": 'W/"1"',
        "name": "Sales",
        "outgoingemaildeliverymethod": 2,
        "outgoingemaildeliverymethod" + LABEL: "Server-Side Synchronization or Email Router",
        "isforwardmailbox": False,
        "_ownerid_value": "0f8c2f64",
        "_ownerid_value" + LABEL: "Ann",
        "_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname": "systemuser",
        "statecode" + LABEL: "Active",
        "regardingobjectid_queue": {"name": "Sales"},
        "emailserverprofile": None,
    }
    answer = {"@odata.context": "https://crm/api/data/v9.0/$metadata#mailboxes(name)", "value": [record, {"extra": 1}]}
    table = read_table("export", json.dumps(answer).encode("utf-8-sig"))
    assert dict(zip(table.headings, table.rows[0].cells, strict=True)) == {
        "name": "Sales",
        "outgoingemaildeliverymethod": "2",
        "isforwardmailbox": "false",
        "_ownerid_value": "Ann",
        "statecode": "Active",
        "emailserverprofile": "",
        "extra": "",
    }
    assert table.rows[1] == Row(2, ("",) * 6 + ("1",))
    assert (table.entity, table.unit, table.continued) == ("mailboxes", "record", False)


def test_a_bare_list_of_records_is_read_as_well() -> None:
    table = read_table("export", b'[{"emailaddress": "ann@contoso.com"}]')
    assert (table.headings, table.rows, table.entity) == (("emailaddress",), (Row(1, ("ann@contoso.com",)),), "")


def test_headings_of_the_columns_that_crm_hides_are_read_like_any() -> None:
    assert read_table("export", xlsx()).headings == HEADINGS
