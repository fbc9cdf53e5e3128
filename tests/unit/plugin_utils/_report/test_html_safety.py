# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTML: nothing from outside becomes markup, and the page fetches nothing and runs nothing but its own."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.html import render
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.markup import (
    is_web_address,
    json_for_script,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.page_rows import (
    COLUMNS,
)

from .documents import HOSTILE, document, hostile_document, row
from .html_tree import Node, facts_of, read, rows_of

# ---- what comes from outside


def shape_of(node: Node) -> list[Any]:
    return [(part.tag, sorted(part.attributes), shape_of(part)) for part in node.content if isinstance(part, Node)]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_from_outside_becomes_markup(text: str) -> None:
    """The page has the very elements and attributes that it has with a harmless text."""
    harmless = read(hostile_document(["x"] if text else [""]))
    assert shape_of(read(hostile_document([text]))) == shape_of(harmless)


def test_texts_from_outside_are_read_back_from_the_data_as_they_were() -> None:
    texts = [text for text in HOSTILE if text]
    rows = rows_of(read(document([row(cause=text, verdict="fail", mailbox=f"{n:02}") for n, text in enumerate(texts)])))
    assert [one[COLUMNS.index("Cause, next step")] for one in rows] == [[text] for text in texts]


def test_the_page_can_be_written_as_utf_8() -> None:
    assert "\ufffd" in render(hostile_document()).encode("utf-8").decode("utf-8")


@pytest.mark.parametrize("text", ["</script>", "<!--<script>", "]]>", "\u2028\u2029", "&amp;"])
def test_data_neither_end_their_element_nor_a_line(text: str) -> None:
    data = json_for_script([text])
    assert json.loads(data) == [text]
    assert not re.search("[<>&\u2028\u2029]", data)


@pytest.mark.parametrize(
    ("url", "leads"),
    [
        ("https://ci.example/job/1?a=b#c", True),
        ("http://[::1]:8080/", True),
        ("HTTPS://ci.example", True),
        ("javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("\x01javascript:alert(1)", False),
        ("data:text/html,<script>alert(1)</script>", False),
        ("//ci.example", False),
        ("https:", False),
        ("http://[", False),
        ("ftp://ci.example", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_only_an_address_of_a_page_becomes_a_link(url: str, leads: bool) -> None:
    assert is_web_address(url) is leads
    whole = document()
    whole["head"]["source"]["url"] = url
    page = read(whole)
    assert [link.attributes["href"] for link in page.all("a")] == (["#rows", url] if leads else ["#rows"])
    assert facts_of(page)["Job"].startswith("gitlab audit #12")


# ---- nothing beside it


def test_nothing_is_fetched_and_only_the_page_s_own_style_and_script_may_run() -> None:
    page = read(document())
    policy = page.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]
    script = page.all("script")[1]
    for kind, own in (("style-src", page.one("style")), ("script-src", script)):
        digest = base64.b64encode(hashlib.sha256(own.text.encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert not re.search(r"url\(|@import", page.one("style").text)
    assert not [node for node in page.all("*") if {"src", "srcset", "style", "action"} & node.attributes.keys()]
    assert not [node for node in page.all("*") if any(name.startswith("on") for name in node.attributes)]
    assert re.findall(r"https?://[^\"<]*", render(document())) == ["https://ci.example/jobs/12"]
