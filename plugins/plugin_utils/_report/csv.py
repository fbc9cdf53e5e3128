# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as CSV, for spreadsheets and Import-Csv: every row, RFC 4180, and no cell that is taken for a formula.

It begins with a byte order mark: without one Excel and the Import-Csv of Windows PowerShell 5.1 take UTF-8 for the code
page of the machine. Who reads it in Python says ``utf-8-sig``; programs have the JSON.
"""

from __future__ import annotations

import csv
import io
import re

from .document import Document, Row
from .texts import legal

COLUMNS = tuple(Row.__annotations__)
_BYTE_ORDER_MARK = "\ufeff"
_FORMULA = r"[\s\"]*[=+\-@＝＋－＠]"
#: Where a spreadsheet may begin to read a formula (OWASP, CSV injection; full width as well). Not only where a cell
#: begins: where lists are separated by semicolons, quotes do not hold a cell together that a comma goes before. Blanks
#: may be cut off, and quotes read as such.
_BEGINNING = re.compile(rf"^(?=[\t\r\n]|{_FORMULA})|(?<=[,;|\t\r\n])(?={_FORMULA})")
#: Has nothing to it; nearly every cell is one.
_PLAIN = re.compile(r"\w[\w .:@/'()-]*")


def render(document: Document) -> str:
    """The report as the text of a CSV file, its line ends as they must be written."""
    file = io.StringIO(newline="")
    file.write(_BYTE_ORDER_MARK)
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(_cells(row) for row in document["rows"])
    return file.getvalue()


def _cells(row: Row) -> list[str]:
    """The notes are one cell, a line each."""
    values = {**row, "notes": "\n".join(row["notes"]), "regranted": str(row["regranted"])}
    return [safe(str(values[column])) for column in COLUMNS]


def safe(text: str) -> str:
    """With an apostrophe before whatever could begin a formula; every other text as it is."""
    return text if _PLAIN.fullmatch(text) else _BEGINNING.sub("'", legal(text))
