# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single reads that are made for what their answer shows; those that name an object name one that nobody has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import Enum

from .._exchange import cmdlets, filters
from .._exchange.directory import BATCH
from .._exchange.identities import Recipient
from .._exchange.rights import AccessEntry
from .._exchange.session import Call, Parameter

NOBODY_GUID = "5e1f7e57-0000-4000-8000-000000000000"
NOBODY_SID = "S-1-5-21-5171357-5171357-5171357-5171357"
NOBODY = "selftest@nobody.invalid"
#: Identities that come back in the text of an error, if letters survive the way there and back (winrm facts 7.6).
ECHO = "selftest-Zoë-Żółć-漢字-end"
WIDE_ECHO = "selftest-😀-end"
#: What Get-EXORecipient shows unasked (exchange facts 3.2).
MINIMUM = (
    "ExchangeVersion", "ExternalDirectoryObjectId", "Name", "OrganizationId", "RecipientType", "RecipientTypeDetails",
)  # fmt: skip
#: How many rows are read of a listing that could show the whole organisation.
GLANCE = 200
#: Of rows; it is the largest that the module takes (exchange facts 3.3).
PAGE = 1000


class Probe(Enum):
    """Named by what is asked."""

    CONNECTION = "the connection"
    TRUNCATED = "one recipient of all"
    TRUNCATED_CLASSIC = "one row of Send As of all"
    EVERYWHERE = "Send As, without an identity"
    WITHOUT_IDENTITY = "Full Access, without an identity"
    BARE = "a recipient, without properties"
    PAGE = "a page of recipients"
    NOBODY_FULL_ACCESS = "Full Access on nobody"
    NOBODY_SEND_AS = "Send As on nobody"
    NOBODY_MAILBOX = "the mailbox of nobody"
    NOBODY_TRUSTEE = "Send As of nobody"
    NOBODY_SID = "Send As of a SID that nobody has"
    ECHO = "an identity beyond ASCII"
    WIDE_ECHO = "an identity beyond 16 bits"
    APOSTROPHE = "a doubled apostrophe"
    APOSTROPHE_CLASSIC = "a doubled apostrophe, asked of the classic cmdlet"
    LENGTH_20 = "a filter of 20 addresses"
    LENGTH_50 = "a filter of 50 addresses"
    ADDRESSES = "the sampled mailboxes, by address"
    IDS = "the sampled mailboxes, by object id"
    NAMES = "sampled mailboxes with Names beyond ASCII, by Name"
    OWN_NAME = "who names a sampled mailbox in GrantSendOnBehalfTo"
    BY_UPN = "trustees of the sampled mailboxes, by UPN"
    BY_SID = "the same, by SID"
    GROUPS_BY_SID = "groups among them, by SID"


def constant_probes() -> dict[Probe, Call]:
    """Those that need to know nothing of the organisation."""
    full_access, send_as = cmdlets.get_full_access_on(NOBODY_GUID, False), cmdlets.get_send_as_on(NOBODY_GUID)
    apostrophe = filters.equals("Name", "self'test")
    return {
        Probe.CONNECTION: Call("Get-ConnectionInformation", {}, ("State", "TokenStatus", "PageSize")),
        Probe.TRUNCATED: Call("Get-EXORecipient", {"ResultSize": 1}, ("Name",)),
        Probe.TRUNCATED_CLASSIC: Call("Get-RecipientPermission", {"ResultSize": 1}, ("Identity",)),
        Probe.EVERYWHERE: _with(cmdlets.get_send_as_everywhere(), ResultSize=GLANCE),
        Probe.WITHOUT_IDENTITY: Call("Get-MailboxPermission", {"ResultSize": 1}, ("Identity",)),
        Probe.BARE: Call("Get-EXORecipient", {"RecipientType": ["UserMailbox"], "ResultSize": 1}, (*MINIMUM, "Guid")),
        Probe.NOBODY_FULL_ACCESS: full_access,
        Probe.NOBODY_SEND_AS: send_as,
        Probe.NOBODY_MAILBOX: cmdlets.get_delegates_on(NOBODY_GUID),
        Probe.NOBODY_TRUSTEE: cmdlets.get_send_as_of(NOBODY),
        Probe.NOBODY_SID: cmdlets.get_send_as_of(NOBODY_SID),
        Probe.ECHO: _with(full_access, Identity=ECHO),
        Probe.WIDE_ECHO: _with(full_access, Identity=WIDE_ECHO),
        Probe.APOSTROPHE: cmdlets.get_recipients(apostrophe),
        Probe.APOSTROPHE_CLASSIC: cmdlets.get_recipients_classic(apostrophe),
    }


def page() -> Call:
    """As many recipients as come at once."""
    return _with(cmdlets.list_recipients(), ResultSize=PAGE)


def probes_of_sample(mailboxes: Sequence[Recipient]) -> dict[Probe, Call]:
    """Those about the sampled mailboxes."""
    plain = plainly_addressed(mailboxes)
    addresses = [one.address for one in plain]
    probes = {
        Probe.LENGTH_20: cmdlets.get_recipients(_of_addresses(addresses, 20)),
        Probe.LENGTH_50: cmdlets.get_recipients(_of_addresses(addresses, 50)),
    }
    ids = [filters.equals("ExternalDirectoryObjectId", one.object_id) for one in plain if one.object_id]
    if ids:
        probes[Probe.IDS] = cmdlets.get_recipients_classic(filters.any_of(ids))
    if plain:
        probes[Probe.ADDRESSES] = cmdlets.get_recipients(filters.any_of(map(filters.has_address, addresses)))
        own = filters.equals("GrantSendOnBehalfTo", plain[0].distinguished_name)
        probes[Probe.OWN_NAME] = cmdlets.get_send_on_behalf_of(own)
    names = [one.name for one in beyond_ascii(mailboxes)]
    if names:
        probes[Probe.NAMES] = cmdlets.get_names(filters.any_of(filters.equals("Name", name) for name in names))
    return probes


def plainly_addressed(mailboxes: Iterable[Recipient]) -> list[Recipient]:
    """Mailboxes for one filter of addresses. What an apostrophe does is asked by itself."""
    return [one for one in mailboxes if one.address and "'" not in one.address][:BATCH]


def beyond_ascii(mailboxes: Iterable[Recipient]) -> list[Recipient]:
    """Mailboxes whose Names show whether letters survive in a filter."""
    return [one for one in mailboxes if not one.name.isascii() and "'" not in one.name][:BATCH]


def probes_of_trustees(trustees: Sequence[AccessEntry]) -> dict[Probe, Call]:
    """Those about accounts that hold rights on the sampled mailboxes."""
    if not trustees:
        return {}
    known = dict.fromkeys(one.sid for one in trustees)
    sids = filters.any_of(filters.equals(name, sid) for sid in known for name in ("Sid", "SidHistory"))
    probes = {Probe.BY_SID: cmdlets.get_users(sids), Probe.GROUPS_BY_SID: cmdlets.get_groups(sids)}
    upns = dict.fromkeys(one.trustee.lower() for one in trustees if "@" in one.trustee)
    if upns:
        by_upn = filters.any_of(filters.equals("UserPrincipalName", upn) for upn in upns)
        probes[Probe.BY_UPN] = cmdlets.get_users(by_upn)
    return probes


def _of_addresses(addresses: Sequence[str], number: int) -> str:
    padding = (f"selftest{index}@nobody.invalid" for index in range(number - len(addresses)))
    return filters.any_of(map(filters.has_address, (*addresses, *padding)))


def _with(call: Call, **parameters: Parameter) -> Call:
    return replace(call, parameters={**call.parameters, **parameters})
