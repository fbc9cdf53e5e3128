# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The assumptions, each with the fact that it comes from, what it says, and who judges it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from . import lists, lookups, session_facts
from .evidence import Evidence, wanted_cmdlets
from .finding import Finding, Verdict

#: The readers whose times matter for how long a run takes.
_TIMED = (
    "Get-EXORecipient", "Get-Recipient", "Get-User", "Get-EXOMailbox", "Get-RecipientPermission",
    "Get-MailboxPermission",
)  # fmt: skip


@dataclass(frozen=True)
class Assumption:
    """``fact``: where it stands. ``says``: what is taken for true. Neither is ever about one organisation."""

    fact: str
    says: str
    judge: Callable[[Evidence], Verdict]


_SESSION = (
    Assumption("winrm 3.2", "PowerShell runs in full language mode", session_facts.language_mode),
    Assumption("exchange 6.3", "the module and PowerShell are versions that go together", session_facts.versions),
    Assumption("exchange 6.4", "signing in takes at most two minutes", session_facts.sign_in_time),
    Assumption("exchange 6.1", "the organisation is named by its onmicrosoft.com domain", session_facts.organization),
    Assumption("exchange 6.2", "the connection says its id, organisation and tenant", session_facts.connection_facts),
    Assumption(
        "exchange 3.2 Get-ConnectionInformation",
        "one connection is Connected, its token Active",
        session_facts.active_connection,
    ),
    Assumption(
        "exchange 2.1",
        "the role offers every cmdlet and parameter that reads",
        partial(session_facts.role, asked=wanted_cmdlets()),
    ),
    Assumption("winrm 7.1", "every request is answered", session_facts.every_answer),
    Assumption("winrm 7.6", "letters beyond ASCII come back unchanged", session_facts.letters),
    Assumption("winrm 7.6 non-BMP", "characters beyond 16 bits come back unchanged", session_facts.wide_letters),
    Assumption("winrm 3.4", "an answer longer than one Receive comes whole", session_facts.long_answer),
)
_ERRORS = (
    Assumption("exchange 1.2", "Get-MailboxPermission without Identity is refused", session_facts.without_identity),
    Assumption("exchange 5.1", "an error shows its code and type", session_facts.error_layout),
    Assumption("exchange E6", "Get-MailboxPermission of nobody is not found", session_facts.unknown_full_access),
    Assumption("exchange E6 Send As", "Get-RecipientPermission of nobody is not found", session_facts.unknown_send_as),
    Assumption("exchange E6 Get-EXO", "Get-EXOMailbox of nobody is not found", session_facts.unknown_mailbox),
    Assumption("exchange E7", "a Trustee that nobody is, is an account not found", session_facts.unknown_trustee),
)
_LOOKUPS = (
    Assumption("exchange 3.2 minimum set", "Get-EXORecipient shows its minimum set", lookups.minimum_set),
    Assumption("exchange 3.2 Properties", "Get-EXORecipient shows what -Properties names", lookups.wanted_properties),
    Assumption("exchange 3.3 ResultSize", "Get-EXORecipient warns when it truncates", lookups.truncation),
    Assumption(
        "exchange 3.3 ResultSize, proxy", "Get-RecipientPermission warns when it truncates", lookups.truncation_classic
    ),
    Assumption("exchange 3.3 filter on EmailAddresses", "addresses lead to their owners", lookups.by_address),
    Assumption("exchange 3.3 filter of 20", "a filter of 20 addresses is accepted", lookups.filter_of_20),
    Assumption("exchange 3.3 filter of 50", "a filter of 50 addresses is accepted", lookups.filter_of_50),
    Assumption("exchange 3.3 apostrophe", "Get-EXORecipient takes a doubled apostrophe", lookups.apostrophe),
    Assumption(
        "exchange 3.3 apostrophe, proxy", "Get-Recipient takes a doubled apostrophe", lookups.apostrophe_classic
    ),
    Assumption("exchange 3.3 filter beyond ASCII", "Names beyond ASCII are found", lookups.by_name_beyond_ascii),
    Assumption("exchange 3.3 filter on object id", "Get-Recipient filters on object ids", lookups.by_object_id),
    Assumption("exchange 3.3 filter on GrantSendOnBehalfTo", "a DN leads to who names it", lookups.delegators),
    Assumption("exchange 3.2 GrantSendOnBehalfTo", "Get-EXOMailbox shows it, of one mailbox", lookups.delegates_on),
    Assumption("exchange Q8", "its values are Names, UPNs or GUIDs", lookups.delegate_values),
    Assumption("exchange 1.6 filter on Sid", "Get-User filters on Sid and SidHistory", lookups.by_account_sid),
    Assumption("exchange 1.6", "UserSid is the Sid of Get-User", lookups.sid_of_account),
    Assumption("exchange Q3", "users are shown by UPN", lookups.shown_by_upn),
)
_LISTS = (
    Assumption("exchange 1.1", "Trustee by SID shows what the mailboxes show", lists.by_trustee_sid),
    Assumption("exchange 1.1 unknown SID", "a SID that nobody has holds nothing", lists.by_sid_of_nobody),
    Assumption("exchange 1.3", "Get-RecipientPermission works without Identity", lists.everywhere),
    Assumption("exchange 3 SID", "every row has a SID", lists.sids),
    Assumption("exchange 3 AccessControlType", "it is Allow or Deny", lists.allow_or_deny),
    Assumption("exchange 3 booleans", "Deny and IsInherited are booleans, or say so in text", lists.booleans),
    Assumption("exchange 2 InheritanceType", "it is one of the five that are documented", lists.inheritance_types),
    Assumption("exchange Q1", "rights are words of the closed list, maybe comma-joined", lists.rights),
    Assumption("exchange Q2", "SELF is on every list of Full Access", lists.self_in_full_access),
    Assumption("exchange Q2 Send As", "SELF is on every list of Send As", lists.self_in_send_as),
    Assumption("exchange Q5", "the switches for deleted accounts only add rows", lists.deleted_accounts),
    Assumption("exchange Q7", "Identity in rows is the Name", lists.names_in_identity),
    Assumption("exchange Q9", "Deny and inherited rows are rare", lists.rarely_denied_or_inherited),
)
_TIMES = tuple(
    Assumption(f"exchange 7 {name}", "answers within two seconds", partial(session_facts.latency, cmdlet=name))
    for name in _TIMED
)
ASSUMPTIONS: tuple[Assumption, ...] = (*_SESSION, *_ERRORS, *_LOOKUPS, *_LISTS, *_TIMES)


def examine(evidence: Evidence) -> tuple[Finding, ...]:
    """What became of every assumption, in their order."""
    return tuple(Finding(one.fact, one.says, one.judge(evidence)) for one in ASSUMPTIONS)
