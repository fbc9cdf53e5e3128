# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that mean something to PowerShell, a shell or a filter, and every option that a text can be given in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.identities import strange_sign

from .harness import COLLECTION, ROOT

_ACTIONS = f"ansible_collections.{COLLECTION}.plugins.action"

QUOTES = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e"
DASHES = "\u2013\u2014\u2015"
#: Signs without a space or a line; each for itself may be part of an address or not.
SIGNS = (
    "'", "''", '"', "`", "$", "$x", "$env:PATH", "@{}", "@()", "{}", "{0}", "%", "%PATH%", ";", "|", "&", "&&", "*",
    "?", "#", "<", ">", "\\", "/", "(", ")", "[x]", ",", "!", "~", "^", "=", "+", "-", "-WhatIf:$false", "-Identity",
    "--%", *QUOTES, *DASHES, "\u200f", "\u202e", "\u200b", "\ufeff", "\u00ad", "\x00", "\u2028", "\u2029", "\u0085",
    "\r", "\n", "'-or'1'-eq'1", "\u2019-or\u2019a\u2019-eq\u2019a", "\u00e9", "\u65e5\u672c", "\U0001f4e7", "x" * 700,
)  # fmt: skip


@dataclass(frozen=True)
class Payloads:
    """``canary``: the file that is made where any of them is run."""

    canary: Path

    @property
    def attacks(self) -> tuple[str, ...]:
        """Each would make the file, read as code by somebody."""
        make = f"New-Item -Path {self.canary}"
        return (
            f"$({make})", f"'; {make}; '", f'"; {make}; "', f"`n{make}", f"\n{make}\n", f"\r\n{make}",
            f"\u2028{make}\u2029", f"\u2019; {make}; \u2018", f"\u201d; {make}; \u201c", f"| {make}", f"& {{ {make} }}",
            f"@{{a={make}}}", f"' -or Name -like '*' ; {make} #", f"-Identity x; {make}", f"; touch {self.canary} ;",
            f"`touch {self.canary}`", f"$(touch {self.canary})", f"& echo > {self.canary}", f"\x00; {make}",
        )  # fmt: skip

    @property
    def addresses(self) -> tuple[str, ...]:
        """With a sign at the beginning or in the middle; white space at an end is no part."""
        names = [*(f"{sign}b" for sign in SIGNS[::2]), *(f"b{sign}c" for sign in SIGNS[1::2]), *self.attacks]
        kept = [name if name == name.strip() else f"b{name}c" for name in names]
        return tuple(f"{name}@contoso.com" for name in dict.fromkeys(kept))

    @property
    def plain_addresses(self) -> list[str]:
        """Those that may be sent."""
        return [each for each in self.addresses if strange_sign(each) is None]

    @property
    def strange_addresses(self) -> list[str]:
        """Those that must be refused."""
        return [each for each in self.addresses if strange_sign(each) is not None]

    @property
    def texts(self) -> tuple[str, ...]:
        """All of it in one text: what shows, without line ends; and everything."""
        everything = [*SIGNS, *self.attacks]
        return (" ".join(each for each in everything if each.isprintable()), "".join(everything))


#: Module → its action; of those that run PowerShell.
ACTIONS: Mapping[str, Any] = {
    name: action
    for name in sorted(file.stem for file in (ROOT / "plugins" / "action").glob("[a-z]*.py"))
    if "organization" in (action := import_module(f"{_ACTIONS}.{name}").ActionModule).ARGUMENTS
}
#: Dictionaries whose keys an argument spec does not know; ``{}`` stands for the text.
FREE: Mapping[str, list[Any]] = {
    "profiles": [
        {"router": {"account": "{}", "access_type": "send_as"}},
        {"router": {"account": "crmrouter@contoso.com", "access_type": "{}"}},
        {"router": {"account": "crmrouter@contoso.com", "rights": ["{}"]}},
        {"router": {"account": "crmrouter@contoso.com", "access_type": "send_as", "groups": ["{}"]}},
        {"router": {"account": "crmrouter@contoso.com", "access_type": "send_as", "replaces": "{}"}},
        {"{}": {"account": "crmrouter@contoso.com", "access_type": "send_as"}},
    ],
}


def places(spec: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Every place of an argument spec that takes a text: the option, and a value of it with ``{}`` for the text."""
    for name, trait in spec.items():
        kind = trait.get("elements") if trait["type"] == "list" else trait["type"]
        if kind == "dict" and "options" in trait:
            needed = {key: "sales@contoso.com" for key, one in trait["options"].items() if one.get("required")}
            values: list[Any] = [{**needed, inner: value} for inner, value in places(trait["options"])]
        elif kind == "dict":
            values = FREE[name]
        else:
            values = ["{}"] if kind in ("str", "path") else []
        yield from ((name, [value] if trait["type"] == "list" else value) for value in values)


def filled(value: Any, text: str) -> Any:
    """The value with the text in its place."""
    if isinstance(value, dict):
        return {filled(key, text): filled(each, text) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, text) for each in value]
    return text if value == "{}" else value


def names_of(option: str, value: Any) -> set[str]:
    """What a message may call the place: the option, one of it, or the key within."""
    names = {option, option.removesuffix("s"), option.removesuffix("es")}
    for each in value if isinstance(value, list) else [value]:
        for inner in (each, *each.values()) if isinstance(each, dict) else ():
            if isinstance(inner, dict):
                names |= {str(key) for key, held in inner.items() if held in ("{}", ["{}"])}
    return names | {name.removesuffix("s") for name in names}
