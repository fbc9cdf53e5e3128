# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as JSON: the document itself, in lines."""

from __future__ import annotations

import json

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.plain import render

from .documents import HOSTILE, document, row
from .results import nights


def test_it_is_the_document() -> None:
    for made in nights(["missing", "granted", "granted"]):
        assert json.loads(render(made)) == made


def test_each_row_has_a_line_of_its_own() -> None:
    lines = render(document([row(mailbox=name) for name in ("a", "b\nc")])).splitlines()
    assert [json.loads(line.rstrip(","))["mailbox"] for line in lines if line.startswith('{"mailbox"')] == ["a", "b\nc"]


def test_no_text_breaks_it() -> None:
    made = document([row(mailbox=text, cause=text, notes=[text]) for text in HOSTILE])
    assert json.loads(render(made)) == made


def test_without_a_row_it_is_json_too() -> None:
    assert json.loads(render(document([])))["rows"] == []
