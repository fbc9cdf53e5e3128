# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTML that is escaped by construction: a text is never markup unless an element was made of it here."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Union
from urllib.parse import urlsplit

from .texts import legal

_VOID = frozenset({"meta", "input"})
#: An attribute that Python cannot name so.
_ATTRIBUTES = {"class_": "class", "for_": "for", "type_": "type"}


@dataclass(frozen=True)
class Markup:
    """Made by ``element`` and ``joined`` only, apart from the page's own style and script."""

    text: str


Content = Union[str, Markup]
Attribute = Union[str, int, bool]


def element(tag: str, /, *content: Content, **attributes: Attribute) -> Markup:
    """An element. ``http_equiv`` names the attribute http-equiv; True is an attribute without value, False is none."""
    inner = "".join(one.text if isinstance(one, Markup) else escaped(one) for one in content)
    opening = f"<{tag}{''.join(_attribute(key, value) for key, value in attributes.items() if value is not False)}>"
    return Markup(opening if tag in _VOID else f"{opening}{inner}</{tag}>")


def joined(parts: Iterable[Markup]) -> Markup:
    return Markup("\n".join(part.text for part in parts))


def foreign(text: str) -> Markup:
    """A text from outside, which may be written from right to left, or pretend to be."""
    return element("bdi", text)


def escaped(text: str) -> str:
    return html.escape(legal(text))


def json_for_script(value: object) -> str:
    """JSON that ends no script element, opens no comment in it, and is read alike by every reader of JavaScript."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def is_web_address(url: str) -> bool:
    """Whether a reader may be led there with a click: javascript: and its like are not addresses of pages."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _attribute(key: str, value: Attribute) -> str:
    name = _ATTRIBUTES.get(key, key.replace("_", "-"))
    return f" {name}" if value is True else f' {name}="{escaped(str(value))}"'
