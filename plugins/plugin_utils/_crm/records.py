# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON as the Web API of CRM answers: records with logical names, option numbers, and labels as annotations."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from .tables import ExportError, Row, Table, text_of

_LABEL = "@OData.Community.Display.V1.FormattedValue"
_CONTEXT = re.compile(r"\$metadata#(\w+)")
_NEXT = "@odata.nextLink"


def read_records(source: str, text: str) -> Table:
    """The table in an answer of the Web API, or in a bare list of records; a column for each name in any record.

    An option is its number if the record has that, else its label; a lookup is its label (router facts 5.2). Raises
    ExportError where it is not JSON, or no list of records.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ExportError(source, f"it is no JSON ({error})", "save the answer of the Web API again") from error
    answer: Mapping[str, Any] = document if isinstance(document, dict) else {"value": document}
    values = answer.get("value")
    if not isinstance(values, list):
        raise ExportError(source, "it has no list of records", "save the whole answer, or the list that is its value")
    entity = _CONTEXT.search(str(answer.get("@odata.context", "")))
    return _table(source, values, entity.group(1) if entity else "", _NEXT in answer)


def _table(source: str, values: list[Any], entity: str, continued: bool) -> Table:
    records = [_cells(source, number, value) for number, value in enumerate(values, 1)]
    headings = tuple(dict.fromkeys(name for record in records for name in record))
    rows = tuple(
        Row(number, tuple(record.get(heading, "") for heading in headings)) for number, record in enumerate(records, 1)
    )
    return Table(source, headings, rows, "record", entity, continued)


def _cells(source: str, number: int, record: Any) -> dict[str, str]:
    """Name → text; other annotations, and records inside the record, are no cells."""
    if not isinstance(record, dict):
        raise ExportError(f"{source}, record {number}", "it is no object", "save the answer of the Web API again")
    plain = {name: value for name, value in record.items() if "@" not in name}
    labels = {name.removesuffix(_LABEL): value for name, value in record.items() if name.endswith(_LABEL)}
    lookups = {name: label for name, label in labels.items() if name.startswith("_") or name not in plain}
    return {name: text_of(value) for name, value in {**plain, **lookups}.items() if not isinstance(value, (dict, list))}
