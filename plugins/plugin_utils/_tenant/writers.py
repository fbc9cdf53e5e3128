# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Add- and Remove-RecipientPermission, Add- and Remove-MailboxPermission, Set-Mailbox (exchange facts 4)."""

from __future__ import annotations

from dataclasses import replace

from .._exchange.session import Answer
from . import errors
from .access import AccessList, Entry, with_rights, without_auto_mapping, without_rights
from .binding import Bound, Edit
from .directory import Scope
from .permission_readers import full_access_row, send_as_row, shown
from .quirks import Quirk
from .recipients import Recipient
from .state import State, mail_recipients, mailboxes

#: W12: entries on a mailbox, those of SELF and of deleted accounts among them.
_MOST_ENTRIES = 500


def add_recipient_permission(state: State, bound: Bound) -> Answer:
    """Raises TenantError: E6, E7, E8, E30."""
    target = _target(state, bound, mail_recipients, "Trustee")
    entry = Entry(state.principal(bound.text("Trustee")).sid, ("SendAs",), "None")
    access = state.books.of(target.guid)
    entries = with_rights(access.send_as, entry)
    if entries is None:
        return _warns(errors.already_present(target.distinguished_name, shown(state, target, entry)))
    written = _write(state, bound, target, replace(access, send_as=entries))
    return Answer((send_as_row(state, target, entry),)) if written else Answer()


def remove_recipient_permission(state: State, bound: Bound) -> Answer:
    """Raises TenantError: E6, E7, E8, E30."""
    target = _target(state, bound, mail_recipients, "Trustee")
    entry = Entry(state.sid(bound.text("Trustee")), ("SendAs",), "None", deny=bound.switch("Deny"))
    access = state.books.of(target.guid)
    entries = without_rights(access.send_as, entry)
    if entries is None:
        return _warns(_missed(state, target, entry, access.send_as, errors.send_as_not_present))
    _write(state, bound, target, replace(access, send_as=entries))
    return Answer()


def add_mailbox_permission(state: State, bound: Bound) -> Answer:
    """Raises TenantError: E6, E7, E8, E11, E30."""
    target = _target(state, bound, mailboxes(bound.switch("GroupMailbox"), False), "User")
    owner = state.principal(bound.text("User"))
    entry = _mailbox_entry(bound, owner.sid)
    # Users in a group get no automapping (exchange facts 2).
    maps = "FullAccess" in entry.rights and not entry.deny and not owner.traits.group
    entry = replace(entry, auto_mapping=maps and bound.switch("AutoMapping", True))
    access = state.books.of(target.guid)
    entries = with_rights(access.full_access, entry)
    if entries is None:
        return _warns(errors.already_present(target.distinguished_name, shown(state, target, entry)))
    if len(entries) > len(access.full_access) and len(entries) + 1 > _MOST_ENTRIES:
        raise errors.list_full(target.name)
    written = _write(state, bound, target, replace(access, full_access=entries))
    return Answer((full_access_row(state, target, entry),)) if written else Answer()


def remove_mailbox_permission(state: State, bound: Bound) -> Answer:
    """Raises TenantError: E6, E7, E8, E30."""
    scope = mailboxes(bound.switch("GroupMailbox"), bound.switch("SoftDeletedMailbox"))
    target = _target(state, bound, scope, "User")
    access = state.books.of(target.guid)
    if bound.switch("ResetDefault"):
        _write(state, bound, target, replace(access, full_access=()))
        return Answer()
    if bound.switch("ClearAutoMapping"):
        _write(state, bound, target, replace(access, full_access=without_auto_mapping(access.full_access)))
        return Answer()
    entry = _mailbox_entry(bound, state.sid(bound.text("User")))
    entries = without_rights(access.full_access, entry)
    if entries is None:
        return _warns(_missed(state, target, entry, access.full_access, errors.not_present))
    _write(state, bound, target, replace(access, full_access=entries))
    return Answer()


def set_mailbox(state: State, bound: Bound) -> Answer:
    """GrantSendOnBehalfTo: a list replaces, an edit adds and removes. Raises TenantError: E6, E7, E8, E30."""
    target = _target(state, bound, mailboxes(False, False), "GrantSendOnBehalfTo")
    access = state.books.of(target.guid)
    delegates = access.send_on_behalf if bound.edit is None else _edited(state, access.send_on_behalf, bound.edit)
    if set(delegates) == set(access.send_on_behalf):
        return _warns(errors.nothing_modified(target.name))
    _write(state, bound, target, replace(access, send_on_behalf=delegates))
    return Answer()


def _edited(state: State, before: tuple[str, ...], edit: Edit) -> tuple[str, ...]:
    if isinstance(edit, list):
        return tuple(dict.fromkeys(_delegate(state, each) for each in edit))
    gone = {_delegate(state, each) for each in edit.get("Remove", ())}
    new = [_delegate(state, each) for each in edit.get("Add", ())]
    return tuple(dict.fromkeys([*(guid for guid in before if guid not in gone), *new]))


def _delegate(state: State, name: str) -> str:
    found = state.directory.find(name, _may_be_delegate)
    if len(found) > 1:
        raise errors.ambiguous(name, "Set-Mailbox")
    if not found:
        raise errors.trustee_not_found(name)
    return found[0].guid


def _may_be_delegate(each: Recipient) -> bool:
    return mail_recipients(each) and each.traits.principal


def _target(state: State, bound: Bound, scope: Scope, parameter: str) -> Recipient:
    """The object to write to. The access lists of a mailbox in the cloud are written there, even where its account is
    mastered on-premises; its other properties are not (OfficeDocs-Exchange issue 2432)."""
    target = state.one(bound.text("Identity"), scope, bound.cmdlet)
    is_in_cloud = target.traits.mailbox and parameter != "GrantSendOnBehalfTo"
    if target.directory_synced and not is_in_cloud:
        raise errors.mastered_on_premises(target.name, bound.cmdlet, parameter)
    if state.organisation.has(Quirk.OUT_OF_SCOPE, target):
        raise errors.out_of_scope(target.name)
    return target


def _mailbox_entry(bound: Bound, sid: str) -> Entry:
    # Send As is listed among the rights, and is not handled here in the cloud (exchange facts 2).
    rights = tuple(right for right in bound.lists["AccessRights"] if right != "SendAs")
    return Entry(sid, rights, bound.text("InheritanceType") or "All", deny=bound.switch("Deny"))


def _missed(state: State, target: Recipient, entry: Entry, entries: tuple[Entry, ...], text: errors.Wording) -> str:
    """Nothing to take back; W4 where the right is there, but inherited."""
    if any(each.inherited and each.sid == entry.sid and set(each.rights) & set(entry.rights) for each in entries):
        return errors.inherited_ignored(target.distinguished_name, ", ".join(entry.rights))
    return text(target.distinguished_name, shown(state, target, entry))


def _warns(text: str) -> Answer:
    return Answer(warnings=(text,))


def _write(state: State, bound: Bound, target: Recipient, access: AccessList) -> bool:
    """Whether it was written. Raises TenantError where it was, and the answer says otherwise."""
    has = state.organisation.has
    if bound.switch("WhatIf") or has(Quirk.WRITE_WITHOUT_EFFECT, target):
        return False
    state.books.write(target.guid, access, state.lag)
    if has(Quirk.WRITE_ANSWERS_ERROR, target):
        raise errors.gateway_timeout()
    return True
