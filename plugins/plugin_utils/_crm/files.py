# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bytes of a file to a table, whichever way it was exported: its content says which, not its name."""

from __future__ import annotations

from .delimited import decoded, read_delimited
from .records import read_records
from .tables import ExportError, Table
from .workbook import read_workbook

_ZIP = b"PK\x03\x04"
#: Of Excel's files before XLSX, and of encrypted ones ever since.
_OLE = b"\xd0\xcf\x11\xe0"


def read_table(source: str, content: bytes, delimiter: str | None = None, encoding: str | None = None) -> Table:
    """The table in a file of CSV, XLSX or JSON. ``source`` is the name that it goes by.

    Raises ExportError if it can not be read, MissingLibrary if it could be with one.
    """
    if content.startswith(_ZIP):
        return read_workbook(source, content)
    if content.startswith(_OLE):
        raise ExportError(source, "it is an old or an encrypted Excel file", "save it as .xlsx without a password")
    text = decoded(source, content, encoding)
    if text.lstrip()[:1] in ("{", "["):
        return read_records(source, text)
    if text.lstrip()[:1] == "<":
        raise ExportError(source, "it is XML or HTML", "open it in Excel and save it as .xlsx or CSV")
    return read_delimited(source, text, delimiter)
