# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Binding the parameters of a call as PowerShell does: what the role grants, forms, mandatory ones, confirmation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Union

from .._exchange.session import WRITERS, Parameter
from . import errors
from .cmdlets import CMDLETS, Cmdlet, Form, spelled
from .organisation import Role

#: An edit of a multivalued property: what to add, what to remove; or the whole new list.
Edit = Union[list[str], dict[str, list[str]]]


@dataclass(frozen=True)
class Bound:
    """The parameters of one call, checked; names as the cmdlet spells them."""

    cmdlet: str
    texts: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    switches: dict[str, bool] = field(default_factory=dict)
    edit: Edit | None = None
    #: ResultSize; None: unlimited.
    limit: int | None = 1000

    def text(self, name: str) -> str:
        """Empty where it is missing or blank."""
        value = self.texts.get(name, "")
        return value if value.strip() else ""

    def switch(self, name: str, default: bool = False) -> bool:
        return self.switches.get(name, default)


def granted(role: Role) -> dict[str, list[str]]:
    """Every cmdlet that a role grants, with its parameters (exchange facts 2.1)."""
    if isinstance(role, dict):
        chosen = {name: granted for name, granted in role.items() if granted}
    else:
        chosen = {name: True for name in CMDLETS if role == "enforce" or name not in WRITERS}
    if chosen:
        chosen["Get-ConnectionInformation"] = True  # it comes with the module (exchange facts 2)
    return {name: list(CMDLETS[name].parameters) if each is True else list(each) for name, each in chosen.items()}


def bind(cmdlet: str, parameters: Mapping[str, Parameter], grants: Mapping[str, list[str]]) -> Bound:
    """Raises TenantError: E24, E28, E29, E32, E33."""
    name = spelled(cmdlet)
    if name not in grants:
        raise errors.not_allowed(name) if name and errors.is_native(name) else errors.no_such_cmdlet(cmdlet)
    known = CMDLETS[name]
    canonical = {each.casefold(): each for each in known.parameters if each in grants[name]}
    values: dict[str, Parameter] = {}
    for each, value in parameters.items():
        if each.casefold() not in canonical:
            raise errors.no_such_parameter(name, each)
        values[canonical[each.casefold()]] = value
    _check_sets(name, known, values)
    bound = _Binder(name, known, values).bound()
    if bound.switch("Confirm", known.prompts) and not bound.switch("WhatIf"):
        raise errors.non_interactive(name)
    return bound


def _check_sets(name: str, known: Cmdlet, values: Mapping[str, Parameter]) -> None:
    identities = {"Identity", "UserPrincipalName", "PrimarySmtpAddress", "ExternalDirectoryObjectId", "Anr"}
    alternatives = {"AccessRights", "ClearAutoMapping", "ResetDefault"} if name == "Remove-MailboxPermission" else set()
    for exclusive in (identities, alternatives):
        if len(exclusive & values.keys()) > 1:
            raise errors.parameter_sets(name)
    mandatory = known.mandatory
    if alternatives - {"AccessRights"} & values.keys():
        mandatory = ("Identity",)
    missing = [each for each in mandatory if each not in values]
    if missing:
        raise errors.missing_parameters(name, missing)
    for each in mandatory:
        value = values[each]
        if value == [] or (isinstance(value, str) and not value.strip()):
            raise errors.empty_argument(name, each)


class _Binder:
    """Turns the values of one call into their forms."""

    def __init__(self, name: str, known: Cmdlet, values: Mapping[str, Parameter]) -> None:
        self._name = name
        self._known = known
        self._values = values

    def bound(self) -> Bound:
        of_form: dict[Form, list[str]] = {form: [] for form in Form}
        for each in self._values:
            of_form[self._known.form(each)].append(each)
        edits = of_form[Form.EDIT]
        return Bound(
            self._name,
            {each: self._text(each) for each in of_form[Form.TEXT]},
            {each: self._list(each) for each in of_form[Form.TEXTS]},
            {each: self._switch(each) for each in of_form[Form.SWITCH]},
            self._edit(edits[0]) if edits else None,
            self._limit() if "ResultSize" in self._values else 1000,
        )

    def _text(self, each: str) -> str:
        value = self._values[each]
        if not isinstance(value, str):
            raise self._bad(each, Form.TEXT)
        return self._check(each, [value])[0]

    def _list(self, each: str) -> list[str]:
        value = self._values[each]
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise self._bad(each, Form.TEXTS)
        texts = [part.strip() for item in items for part in str(item).split(",")]
        return self._check(each, texts)

    def _check(self, each: str, texts: list[str]) -> list[str]:
        """The texts as the closed list of the parameter spells them, where it has one."""
        if each not in self._known.values:
            return texts
        spelling = {value.casefold(): value for value in self._known.values[each]}
        for text in texts:
            if text.casefold() not in spelling:
                raise errors.bad_argument(self._name, each, text, f"one of {', '.join(spelling.values())}")
        return [spelling[text.casefold()] for text in texts]

    def _switch(self, each: str) -> bool:
        value = self._values[each]
        if not isinstance(value, bool):
            raise self._bad(each, Form.SWITCH)
        return value

    def _limit(self) -> int | None:
        value = self._values["ResultSize"]
        if isinstance(value, str) and value.casefold() == "unlimited":
            return None
        if isinstance(value, bool) or not str(value).isdigit():
            raise self._bad("ResultSize", Form.SIZE)
        return int(str(value))

    def _edit(self, each: str) -> Edit:
        value = self._values[each]
        if isinstance(value, str):
            return [value] if value else []
        if isinstance(value, list):
            return [str(item) for item in value]
        if isinstance(value, dict) and value.keys() <= {"Add", "Remove"}:
            return {verb: [str(item) for item in items] for verb, items in value.items()}
        raise self._bad(each, Form.EDIT)

    def _bad(self, each: str, form: Form) -> errors.TenantError:
        return errors.bad_argument(self._name, each, self._values[each], form.value)
