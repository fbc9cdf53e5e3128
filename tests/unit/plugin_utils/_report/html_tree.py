# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML report as a tree, read strictly: what is opened is closed in turn, and no attribute is there twice."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.document import Document
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.html import render

VOID = {"meta", "input"}


@dataclass
class Node:
    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    content: list[Node | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(part if isinstance(part, str) else part.text for part in self.content)

    def all(self, tag: str, **attributes: str) -> list[Node]:
        """Below it, in the order of the page. ``id_``: the attribute id."""
        wanted = {name.rstrip("_"): value for name, value in attributes.items()}
        found: list[Node] = []
        for part in self.content:
            if isinstance(part, Node):
                if tag in (part.tag, "*") and wanted.items() <= part.attributes.items():
                    found.append(part)
                found += part.all(tag, **attributes)
        return found

    def one(self, tag: str, **attributes: str) -> Node:
        (found,) = self.all(tag, **attributes)
        return found


class Reader(HTMLParser):
    """A tree, or an error where what was opened is not closed in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open = [Node("")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        assert len(node.attributes) == len(attrs), f"an attribute twice: {attrs}"
        self.open[-1].content.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].content.append(data)


def read(whole: Document) -> Node:
    reader = Reader()
    reader.feed(render(whole))
    reader.close()
    (root,) = reader.open
    return root


def rows_of(page: Node) -> list[list[Any]]:
    rows: list[list[Any]] = json.loads(page.one("script", type="application/json").text)
    return rows


def facts_of(page: Node) -> dict[str, str]:
    return {each.one("dt").text: each.one("dd").text for each in page.one("dl").all("div")}


def lines_of(table: Node) -> list[list[str]]:
    lines = table.one("tbody").all("tr")
    return [[cell.text for cell in line.content if isinstance(cell, Node)] for line in lines]
