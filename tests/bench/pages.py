# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/bench.md: written section by section, each by the program that measures it."""

from __future__ import annotations

import re

from ..tools.checkout import ROOT

PAGE = ROOT / "docs" / "bench.md"
PLOT = ROOT / "docs" / "bench.svg"
_HEAD = """\
# What it costs, and what other ways cost

Written by `make bench`, `make bench-full` and `make bench-overhead`; nothing here was measured against Exchange Online.
"""
_SECTIONS = ("contenders", "overhead")


def write_section(name: str, text: str) -> None:
    """Puts the text in place of what the section said before; the other section stays as it is."""
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    bodies = {each: _body(page, each) for each in _SECTIONS} | {name: text.strip()}
    parts = [f"<!-- {each} -->\n\n{body}\n\n<!-- end of {each} -->\n" for each, body in bodies.items() if body]
    PAGE.write_text("\n".join([_HEAD, *parts]), encoding="utf-8")


def _body(page: str, name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- end of {name} -->", page, re.DOTALL)
    return found[1].strip() if found else ""


def table(header: list[str], rows: list[list[str]], left: int = 1) -> str:
    """In Markdown; so many columns are flush left, the others flush right."""
    rule = [":--"] * left + ["--:"] * (len(header) - left)
    return "\n".join("| " + " | ".join(row) + " |" for row in (header, rule, *rows))
