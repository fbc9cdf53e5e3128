# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as JSON: the document itself."""

from __future__ import annotations

import json

from .document import Document


def render(document: Document) -> str:
    """One line for each row, so that two reports can be compared with tools for lines."""
    parts = [f"{_text(name)}: {_text(value)}" for name, value in document.items() if name != "rows"]
    rows = ",\n".join(map(_text, document["rows"]))
    return "{\n" + ",\n".join(parts) + f',\n"rows": [\n{rows}\n]\n}}\n'


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
