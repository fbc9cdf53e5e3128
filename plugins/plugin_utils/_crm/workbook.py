# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""XLSX through openpyxl, which is imported when there is one to read."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from .tables import ExportError, MissingLibrary, Table, table_of


def read_workbook(source: str, content: bytes) -> Table:
    """The table on the first sheet that a user sees: CRM adds a hidden one.

    The three columns that CRM hides before the others are read like any (router facts 5.2): the first names the
    entity, and nothing has the headings of the other two. Raises ExportError, MissingLibrary.
    """
    try:
        from openpyxl.reader.excel import load_workbook
    except ImportError as error:
        raise MissingLibrary("openpyxl", f"reading {source}", "save it as CSV") from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and rules for input that CRM's files lack, or openpyxl does
        try:
            workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            return table_of(source, _lines(source, workbook))
        except ExportError:
            raise
        except Exception as error:  # of a damaged file openpyxl raises whatever its parts stumble over
            remedy = "export or save it again"
            raise ExportError(source, f"it is no XLSX that can be read ({error})", remedy) from error


def _lines(source: str, workbook: Any) -> Iterator[tuple[int, Sequence[object]]]:
    sheet = next((each for each in workbook.worksheets if each.sheet_state == "visible"), None)
    if sheet is None:
        raise ExportError(source, "no sheet of it is visible", "export or save it again")
    sheet.reset_dimensions()  # which some programs write wrongly
    yield from enumerate(sheet.iter_rows(values_only=True), 1)
