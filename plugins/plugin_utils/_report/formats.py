# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The formats that a report can be written in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import csv, html, junit, markdown, plain
from .document import Document

#: By the name of the option; each takes a document and gives the text of a file.
RENDERERS: Mapping[str, Callable[[Document], str]] = {
    "json": plain.render,
    "junit": junit.render,
    "markdown": markdown.render,
    "csv": csv.render,
    "html": html.render,
}
