# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exports as CRM writes them, for the tests."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._crm.files import read_table
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._crm.mailboxes import Listing, listing_of
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._crm.settings import settings_of
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.datavalidation import DataValidation

ALL_FILTERS = ["active", "approved", "outgoing", "not_forward"]
ROUTER = "Server-Side Synchronization or Email Router"
#: The three columns that CRM hides, and those of a view that has all that the filters look at (router facts 5.1, 5.2).
HIDDEN = ("(Do Not Modify) Mailbox", "(Do Not Modify) Row Checksum", "(Do Not Modify) Modified On")
VISIBLE = (
    "Name",
    "Email Address",
    "Incoming Email",
    "Outgoing Email",
    "Email Address Status",
    "Is Forward Mailbox",
    "Status",
    "Owner",
)
HEADINGS = (*HIDDEN, *VISIBLE)
ID = "0f8c2f64-5a0e-4a3b-9d5e-2f1d7a6b9c01"


def mailbox(address: str, **changed: str) -> list[str]:
    """A row of a mailbox that CRM sends as. Keywords change cells by their heading, with _ for spaces."""
    row = dict(
        zip(
            HEADINGS,
            [ID, "abc=", "2026-11-20", "A name", address, "None", ROUTER, "Approved", "No", "Active", "Ann"],
            strict=True,
        )
    )
    return list({**row, **{name.replace("_", " "): cell for name, cell in changed.items()}}.values())


def csv_text(*rows: Sequence[object], headings: Sequence[str] = HEADINGS, delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows([headings, *rows])
    return text.getvalue()


def xlsx(*rows: Sequence[Any], headings: Sequence[str] = HEADINGS, title: str = "Active Mailboxes") -> bytes:
    """A workbook with a hidden sheet before the one that is seen, hidden columns, and a list of allowed values."""
    workbook = Workbook()
    hidden = workbook.worksheets[0]
    hidden.title = "hiddenDataSheet"
    hidden.sheet_state = "veryHidden"
    hidden.append(["Email Address", "hidden@contoso.com"])
    sheet = workbook.create_sheet(title)
    for line in [headings, *rows]:
        sheet.append(list(line))
    for letter in "ABC":
        sheet.column_dimensions[letter].hidden = True
    allowed = DataValidation(type="list", formula1='"None,Approved"')
    allowed.add("H2:H100")
    sheet.add_data_validation(allowed)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def listed(*contents: bytes | str, **options: Any) -> Listing:
    """The listing of exports, which go by the names export-1, export-2 and so on."""
    files = [content.encode() if isinstance(content, str) else content for content in contents]
    tables = [read_table(f"export-{number}", content) for number, content in enumerate(files, 1)]
    return listing_of(tables, settings_of({"filters": ALL_FILTERS, **options}))


def addresses(listing: Listing) -> list[str]:
    return list(listing.mailboxes)
