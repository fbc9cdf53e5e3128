# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the bytes of a file to a policy; a file in which anything is wrong is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TypeVar, Union

import yaml

from .._access.desired import InputError
from .._access.plan import Verb
from .._exchange.accounts import account_fault
from .._exchange.rights import Right
from . import nodes
from .document import VERSION, AccountRule, Cap, Most, Policy, ProtectedRule
from .nodes import Faults, Misread, line_of
from .patterns import pattern_fault

#: Bytes; a policy of ten thousand patterns is smaller.
LARGEST = 1_000_000
#: In place of a list of accounts: whoever is granted something need not be listed.
ANYBODY = "any"
_CAPS = {"grants": Verb.GRANT, "revocations": Verb.REVOKE}
_Item = TypeVar("_Item")


def read_policy(file: str, content: bytes) -> Policy:
    """The policy in a file. Raises InputError, which names every line where something is wrong."""
    faults = Faults()
    policy = faults.read(lambda node: _policy(file, content, node, faults), _document(file, content))
    if policy is None or faults:
        raise InputError(_place(file, fault) for fault in sorted(faults, key=lambda one: one.line))
    return policy


def _document(file: str, content: bytes) -> yaml.Node:
    try:
        if len(content) > LARGEST:
            raise Misread(1, f"the file is larger than {LARGEST} bytes")
        return nodes.composed(_decoded(content))
    except Misread as fault:
        raise InputError([_place(file, fault)]) from fault


def _place(file: str, fault: Misread) -> str:
    return f"policy {file}:{fault.line}: {fault}"


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Misread(content.count(b"\n", 0, error.start) + 1, "it is no text in UTF-8") from error


def _policy(file: str, content: bytes, node: yaml.Node, faults: Faults) -> Policy:
    keys = nodes.mapping(node, faults, ("version",), ("accounts", "protected", "caps"))
    if "version" in keys:
        faults.read(_version, keys["version"])
    accounts = keys.get("accounts")
    anybody = isinstance(accounts, yaml.ScalarNode) and accounts.value == ANYBODY
    return Policy(
        file=file,
        digest=sha256(content).hexdigest(),
        accounts=() if accounts is None or anybody else _items(accounts, faults, _account),
        anybody=anybody,
        accounts_line=nodes.line_of_key(node, "accounts"),
        protected=_items(keys["protected"], faults, _protected) if "protected" in keys else (),
        caps=_caps(keys["caps"], faults) if "caps" in keys else (),
    )


def _version(node: yaml.Node) -> None:
    found = nodes.number(node)
    if found != VERSION:
        raise Misread(line_of(node), f"it is of version {found}, and this collection knows {VERSION}: update it")


def _items(
    node: yaml.Node, faults: Faults, reader: Callable[[yaml.Node, Faults], Union[_Item, None]]
) -> tuple[_Item, ...]:
    """Each item of a list, as far as it can be read; what cannot is told ``faults``."""
    listed = faults.read(nodes.sequence, node) or []
    items = (faults.read(lambda item: reader(item, faults), item) for item in listed)
    return tuple(item for item in items if item is not None)


def _account(node: yaml.Node, faults: Faults) -> Union[AccountRule, None]:
    keys = nodes.mapping(node, faults, ("account", "rights"), ("mailboxes", "most_mailboxes"))
    account = faults.read(_account_name, keys["account"]) if "account" in keys else None
    most = keys.get("most_mailboxes")
    rights = _rights(keys, faults)
    mailboxes = _mailboxes(keys, faults)
    limit = faults.read(_most, most) if most else None
    return AccountRule(account, rights, line_of(node), mailboxes, limit) if account else None


def _account_name(node: yaml.Node) -> str:
    account = nodes.text(node)
    fault = account_fault(account)
    if fault:
        raise Misread(line_of(node), f"{fault} ({account!r})")
    return account


def _protected(node: yaml.Node, faults: Faults) -> ProtectedRule:
    keys = nodes.mapping(node, faults, ("mailboxes",), ("rights", "reason", "revocations"))
    reason = faults.read(nodes.text, keys["reason"]) if "reason" in keys else None
    revocations = faults.read(nodes.truth, keys["revocations"]) if "revocations" in keys else None
    return ProtectedRule(
        mailboxes=_mailboxes(keys, faults),
        rights=_rights(keys, faults) if "rights" in keys else tuple(Right),
        line=line_of(node),
        reason=" ".join((reason or "").split()),
        revocations=revocations is not False,
    )


def _rights(keys: Mapping[str, yaml.Node], faults: Faults) -> tuple[Right, ...]:
    return _some("rights", keys, faults, _right)


def _right(node: yaml.Node, _faults: Faults) -> Right:
    name = nodes.text(node)
    try:
        return Right(name)
    except ValueError as error:
        known = ", ".join(right.value for right in Right)
        raise Misread(line_of(node), f"{name!r} is none of {known}") from error


def _mailboxes(keys: Mapping[str, yaml.Node], faults: Faults) -> tuple[str, ...]:
    return _some("mailboxes", keys, faults, _pattern)


def _pattern(node: yaml.Node, _faults: Faults) -> str:
    pattern = nodes.text(node)
    fault = pattern_fault(pattern)
    if fault:
        raise Misread(line_of(node), fault)
    return pattern


def _some(
    name: str, keys: Mapping[str, yaml.Node], faults: Faults, reader: Callable[[yaml.Node, Faults], _Item]
) -> tuple[_Item, ...]:
    """A list that names something, if it is there."""
    node = keys.get(name)
    if node is None:
        return ()
    if isinstance(node, yaml.SequenceNode) and not node.value:
        faults.append(Misread(line_of(node), f"{name} is empty: name at least one, or take {name} away"))
    return _items(node, faults, reader)


def _caps(node: yaml.Node, faults: Faults) -> tuple[Cap, ...]:
    keys = faults.read(lambda one: nodes.mapping(one, faults, (), tuple(_CAPS)), node) or {}
    limits = {name: faults.read(_most, keys[name]) for name in _CAPS if name in keys}
    return tuple(Cap(_CAPS[name], most) for name, most in limits.items() if most)


def _most(node: yaml.Node) -> Most:
    return Most(nodes.number(node), line_of(node))
