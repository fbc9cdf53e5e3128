# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking a snapshot: how many calls it takes, what is kept of whom, kinds that are none of ours, and what fails it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.engine import Scope
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Outcome
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Answer,
    Call,
    CmdletError,
    SessionError,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._snapshot.contents import Count, Detail, Fate
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._snapshot.taking import counts_of
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.recipients import Kind

from .._exchange.sessions import ROUTER, ScriptedSession, mailbox, tenant_of, watched
from .samples import filed, rehearsed, session_with, taken_of, wishes

SALES, OTHER = "sales@contoso.com", "other@contoso.com"
FORTY = [f"m{number:02}@contoso.com" for number in range(40)]


def test_a_minimal_snapshot_takes_few_calls() -> None:
    session = watched(tenant_of(*(mailbox(one, send_as=[ROUTER], send_on_behalf=[ROUTER]) for one in FORTY)))
    taken_of(session, FORTY, [ROUTER])
    assert Counter(session.cmdlets) == {
        "Get-EXORecipient": 1 + 2 + 2,  # the account; 40 mailboxes, and their Names
        "Get-User": 1,
        "Get-RecipientPermission": 1,
        "Get-MailboxPermission": 40 + 1,
        "Get-EXOMailbox": 1 + 3,  # the account; 40 mailboxes and that of the account
    }


def test_an_account_with_a_sid_history_costs_a_call_for_each_sid_and_mailbox() -> None:
    old = "S-1-5-21-9-9-9-9"
    recipients = [mailbox(one, send_as=[ROUTER, {"sid": old}]) for one in FORTY]
    session = watched(tenant_of(*recipients, mailbox("second@contoso.com", sid_history=[old])))
    taken_of(session, FORTY, ["second@contoso.com"])
    mine, empty = 2, 1  # nothing is held under its new SID, which is asked for twice
    assert session.cmdlets.count("Get-RecipientPermission") == mine + empty + len(FORTY) + 1, "and its own mailbox"


def test_a_full_snapshot_lists_everything_once_and_reads_each_mailbox_once() -> None:
    session = watched(tenant_of(*(mailbox(one, send_as=[ROUTER], send_on_behalf=[ROUTER]) for one in FORTY)))
    taken_of(session, [], [], Detail.FULL)
    assert Counter(session.cmdlets) == {
        "Get-EXORecipient": 2,
        "Get-User": 1,
        "Get-Group": 1,
        "Get-RecipientPermission": 1,
        "Get-EXOMailbox": 1,
        "Get-MailboxPermission": 41,
    }


def test_a_minimal_snapshot_keeps_the_mailboxes_the_accounts_and_counts_of_others() -> None:
    tenant = tenant_of(mailbox(SALES, full_access=[OTHER, ROUTER], send_on_behalf=[OTHER]), mailbox(OTHER))
    snapshot = taken_of(session_with(tenant), [SALES, "gone@contoso.com"], [ROUTER]).snapshot
    assert [one.address for one in snapshot.organisation.recipients] == [ROUTER, SALES]
    assert snapshot.mailboxes == {SALES: Fate.FOUND, "gone@contoso.com": Fate.NOT_FOUND}
    guids = {one.address: one.guid for one in snapshot.organisation.recipients}
    assert snapshot.others[guids[SALES]] == {Right.FULL_ACCESS: Count(allow=1), Right.SEND_ON_BEHALF: Count(allow=1)}
    counts = counts_of(snapshot)
    assert counts == {"mailboxes": 1, "accounts": 1, "recipients": 2, "entries": 1, "others": 2, "absent": 1, "gaps": 0}


def test_a_mailbox_of_which_nothing_but_its_address_is_known_gets_no_account_made_up() -> None:
    (_router, sales) = taken_of(
        session_with(tenant_of(mailbox(SALES))), [SALES], [ROUTER]
    ).snapshot.organisation.recipients
    assert (sales.upn, sales.sid) == ("", "")


@pytest.mark.parametrize(
    ("details", "recipient_type", "workable"),
    [
        ("SchedulingMailbox", "UserMailbox", True),
        ("TeamMailbox", "UserMailbox", True),
        ("LinkedMailbox", "UserMailbox", True),
        ("DiscoveryMailbox", "UserMailbox", False),
        ("PublicFolderMailbox", "UserMailbox", False),
        ("RemoteUserMailbox", "MailUser", False),
        ("RoomList", "MailUniversalDistributionGroup", False),
        ("PublicFolder", "PublicFolder", False),
        ("SomethingOfTomorrow", "SomethingElse", False),
        ("", "", False),
    ],
)
@pytest.mark.parametrize("detail", list(Detail))
def test_kinds_that_are_none_of_ours_are_kept_as_they_are_shown(
    tmp_path: Path, details: str, recipient_type: str, workable: bool, detail: Detail
) -> None:
    """The organisation is told to show another kind than it knows."""
    tenant = tenant_of(mailbox(SALES, send_as=[ROUTER]))
    inner = session_with(tenant)

    def answer(call: Call) -> Answer:
        found = next(answer for _call, answer in inner.invoke([call]))
        shown = {"RecipientTypeDetails": details, "RecipientType": recipient_type}
        rows = [{**row, **shown} if row.get("PrimarySmtpAddress") == SALES else row for row in found.rows]
        return Answer(tuple(rows), found.warnings, found.error)

    scope = Scope(wishes([SALES], [ROUTER], rights=[Right.SEND_AS]))
    source = filed(taken_of(ScriptedSession(answer), [SALES], [ROUTER], detail).snapshot, tmp_path)
    assert source.snapshot
    (sales,) = (one for one in source.snapshot.organisation.recipients if one.address == SALES)
    assert sales.shown_details == (details or Kind.CONTACT.value)
    assert sales.shown_type == (recipient_type or "MailContact")
    (finding,) = rehearsed(source, scope).findings
    assert finding.outcome is (Outcome.COMPLIANT if workable else Outcome.UNSUPPORTED)


@pytest.mark.parametrize("cmdlet", ["Get-EXORecipient", "Get-User", "Get-Group"])
def test_there_is_no_full_snapshot_without_the_list_of_who_there_is(cmdlet: str) -> None:
    inner = session_with(tenant_of(mailbox(SALES)))
    refused = Answer(error=CmdletError("Access is denied"))

    def answer(call: Call) -> Answer:
        return refused if call.cmdlet == cmdlet else next(answer for _call, answer in inner.invoke([call]))

    with pytest.raises(SessionError, match="so there is no snapshot") as raised:
        taken_of(ScriptedSession(answer), [], [], Detail.FULL)
    assert not raised.value.failure.retry_safe


def test_a_list_without_self_is_believed_with_a_warning() -> None:
    tenant = tenant_of(mailbox(SALES, full_access=[ROUTER], quirks=["no_self"]))
    taken = taken_of(session_with(tenant), [SALES], [ROUTER])
    assert taken.doubts == (f"1 access list came without the entry of SELF, twice, and was believed: {SALES}",)
