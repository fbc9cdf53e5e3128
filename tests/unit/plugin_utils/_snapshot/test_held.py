# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a snapshot does not hold, or could not read, is unknown in a rehearsal: never absent, and never held."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import AccountsUnknown
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.engine import Scope
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.holdings import EVERYWHERE
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.inquiry import Inquiry, inquire
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Finding, Outcome, State
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.surplus import SurplusRule
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange import cmdlets, filters
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.errors import (
    NOT_HELD as NOT_HELD_CODE,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Answer,
    Call,
    CmdletError,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._snapshot.contents import Detail, Snapshot
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._snapshot.source import Source
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .._access.runs import FakeWatch
from .._exchange.sessions import ROUTER, ScriptedSession, mailbox, tenant_of
from .samples import filed, rehearsed, session_with, taken_of, wishes

SALES, SUPPORT, OTHER = "sales@contoso.com", "support@contoso.com", "other@contoso.com"
NOT_HELD = "the snapshot does not hold it"
UNREAD = "it could not be read when the snapshot was taken"
REFUSED = Answer(error=CmdletError("Access is denied"))


def failing(tenant: Tenant, fails: Callable[[Call], bool]) -> ScriptedSession:
    """A session to which the organisation refuses some reads."""
    inner = session_with(tenant)

    def answer(call: Call) -> Answer:
        return REFUSED if fails(call) else next(answer for _call, answer in inner.invoke([call]))

    return ScriptedSession(answer)


def guid(tenant: Tenant, address: str) -> str:
    return next(one.guid for one in tenant.organisation.recipients if one.address == address)


def by_right(source: Source, address: str, **more: object) -> dict[str, Finding]:
    scope = Scope(wishes([address], [ROUTER]), **more)  # type: ignore[arg-type]
    return {one.right.value: one for one in rehearsed(source, scope).findings}


def minimal(tenant: Tenant, directory: Path, *mailboxes: str, accounts: tuple[str, ...] = (ROUTER,)) -> Source:
    return filed(taken_of(session_with(tenant), mailboxes, accounts).snapshot, directory)


def test_a_mailbox_that_is_not_in_it_is_unknown_beside_one_that_is(tmp_path: Path) -> None:
    tenant = tenant_of(mailbox(SALES, send_as=[ROUTER]), mailbox(OTHER, send_as=[ROUTER]))
    source = minimal(tenant, tmp_path, SALES)
    report = rehearsed(source, Scope(wishes([SALES, OTHER], [ROUTER], rights=[Right.SEND_AS])))
    assert [one.outcome for one in report.findings] == [Outcome.UNKNOWN, Outcome.COMPLIANT]
    assert report.findings[0].cause.startswith(NOT_HELD)


@pytest.mark.parametrize("named", [ROUTER, "11111111-0000-4000-8000-000000000001"])
def test_the_mailbox_of_an_account_itself_is_held_with_its_lists(tmp_path: Path, named: str) -> None:
    """It is in the snapshot because it is an account, and no mailbox of the play: not to be taken for not held."""
    lists = {"send_as": [OTHER], "full_access": [OTHER], "send_on_behalf": [OTHER]}
    router = mailbox(ROUTER, guid="11111111-0000-4000-8000-000000000001", **lists)
    tenant = Tenant(Organisation.from_dict({"recipients": [router, mailbox(OTHER), mailbox(SALES)]}))
    source = minimal(tenant, tmp_path, SALES, accounts=(named, OTHER))
    report = rehearsed(source, Scope(wishes([ROUTER], [OTHER])))
    assert {one.outcome for one in report.findings} == {Outcome.COMPLIANT}


def test_one_of_several_who_bear_an_address_is_not_held_by_another_of_its_addresses(tmp_path: Path) -> None:
    """It was heard of, and nobody asked who holds what there."""
    bearers = (
        mailbox(SALES, aliases=["shared@contoso.com"], send_as=[ROUTER], send_on_behalf=[ROUTER]),
        mailbox(OTHER, aliases=["shared@contoso.com"]),
    )
    source = minimal(tenant_of(*bearers), tmp_path, "shared@contoso.com")
    report = rehearsed(source, Scope(wishes(["shared@contoso.com", SALES], [ROUTER])))
    assert {(one.host, one.outcome) for one in report.findings} == {
        ("shared@contoso.com", Outcome.AMBIGUOUS),
        (SALES, Outcome.UNKNOWN),
    }


def test_what_was_looked_up_and_not_there_stays_so(tmp_path: Path) -> None:
    source = minimal(tenant_of(mailbox(SALES)), tmp_path, SALES, "gone@contoso.com")
    assert {one.outcome for one in by_right(source, "gone@contoso.com").values()} == {Outcome.NOT_FOUND}


def test_an_account_that_is_not_in_it_stops_the_run_as_unknown(tmp_path: Path) -> None:
    source = minimal(tenant_of(mailbox(SALES), mailbox(OTHER)), tmp_path, SALES)
    for account in (OTHER, SALES, "S-1-5-21-9-9-9-9", "11111111-0000-4000-8000-000000000001"):
        with pytest.raises(AccountsUnknown, match=NOT_HELD):
            rehearsed(source, Scope(wishes([SALES], [account])))


def test_an_account_that_was_not_there_is_not_there(tmp_path: Path) -> None:
    source = minimal(tenant_of(mailbox(SALES)), tmp_path, SALES, accounts=("left@contoso.com", ROUTER))
    with pytest.raises(Exception, match="no user or group of this name exists"):
        rehearsed(source, Scope(wishes([SALES], ["left@contoso.com"])))


@pytest.mark.parametrize("detail", list(Detail))
@pytest.mark.parametrize("right", list(Right))
def test_a_list_that_could_not_be_read_is_unknown_with_its_reason(tmp_path: Path, right: Right, detail: Detail) -> None:
    """Send As of the account over the organisation fails, too, so that the mailboxes themselves have to tell."""
    tenant = tenant_of(mailbox(SALES, send_as=[ROUTER], full_access=[ROUTER]), mailbox(SUPPORT, send_as=[ROUTER]))
    cmdlet = {
        Right.SEND_AS: "Get-RecipientPermission",
        Right.FULL_ACCESS: "Get-MailboxPermission",
        Right.SEND_ON_BEHALF: "Get-EXOMailbox",
    }[right]
    support = guid(tenant, SUPPORT)
    session = failing(tenant, lambda call: call.cmdlet == cmdlet and call.parameters.get("Identity") != support)
    source = filed(taken_of(session, [SALES, SUPPORT], [ROUTER], detail).snapshot, tmp_path)
    finding = by_right(source, SALES)[right.value]
    assert finding.outcome is Outcome.UNKNOWN
    assert UNREAD in finding.cause
    assert "Access is denied" in finding.cause
    others = {one.outcome for name, one in by_right(source, SALES).items() if name != right.value}
    assert Outcome.UNKNOWN not in others


@pytest.mark.parametrize("detail", list(Detail))
def test_one_unread_list_of_senders_is_unknown_though_the_account_itself_could_be_asked_about(
    tmp_path: Path, detail: Detail
) -> None:
    """Two share a Name, so that the read by account does not decide, and the list of one of them is refused."""
    tenant = tenant_of(
        mailbox(SALES, name="Twin", send_as=[ROUTER]), mailbox(SUPPORT, name="Twin"), mailbox(OTHER, send_as=[ROUTER])
    )
    unread = guid(tenant, SALES)
    session = failing(tenant, lambda call: call.parameters.get("Identity") == unread and "Recipient" in call.cmdlet)
    source = filed(taken_of(session, [SALES, SUPPORT, OTHER], [ROUTER], detail).snapshot, tmp_path)
    assert by_right(source, SALES)["send_as"].outcome is Outcome.UNKNOWN
    assert by_right(source, OTHER)["send_as"].outcome is Outcome.COMPLIANT
    assert by_right(source, SUPPORT)["send_as"].outcome is Outcome.MISSING
    retired = Scope(wishes([OTHER], [SALES], rights=[Right.FULL_ACCESS]), retired=(ROUTER,))
    told = {one.outcome for one in rehearsed(filed(full_of(session), tmp_path), retired).findings}
    assert Outcome.UNKNOWN in told


def full_of(session: ScriptedSession) -> Snapshot:
    return taken_of(session, [], [ROUTER, SALES], Detail.FULL).snapshot


def test_a_delegate_of_whom_it_is_not_certain_who_it_is_is_taken_for_nobody(tmp_path: Path) -> None:
    """Two share the Name that the list shows. The account that was named is asked about by itself; others are not."""
    tenant = tenant_of(
        mailbox(OTHER, name="Twin"), mailbox(SUPPORT, name="Twin"), mailbox(SALES, send_on_behalf=[OTHER])
    )
    source = filed(taken_of(session_with(tenant), [], [ROUTER], Detail.FULL).snapshot, tmp_path)
    assert by_right(source, SALES)["send_on_behalf"].outcome is Outcome.MISSING
    scope = Scope(wishes([SALES], [OTHER], rights=[Right.SEND_ON_BEHALF]))
    (finding,) = rehearsed(source, scope).findings
    assert finding.outcome is Outcome.UNKNOWN
    named = filed(taken_of(session_with(tenant), [], [OTHER], Detail.FULL).snapshot, tmp_path)
    (finding,) = rehearsed(named, scope).findings
    assert finding.outcome is Outcome.COMPLIANT


def test_others_are_counted_and_nobody_learns_who_they_are(tmp_path: Path) -> None:
    tenant = tenant_of(
        mailbox(OTHER),
        mailbox(SUPPORT),
        mailbox(
            SALES,
            full_access=[
                OTHER,
                SUPPORT,
                ROUTER,
                {"trustee": OTHER, "deny": True},
                {"trustee": OTHER, "inherited": True},
            ],
            send_on_behalf=[OTHER, ROUTER],
        ),
    )
    source = minimal(tenant, tmp_path, SALES)
    text = (tmp_path / "snapshot.json").read_text(encoding="utf-8")
    assert [one for one in (OTHER, SUPPORT, guid(tenant, OTHER)) if one in text] == []
    only = Scope(wishes([SALES], [ROUTER]), exclusive=True)
    found = [one for one in rehearsed(source, only).findings if one.account != ROUTER]
    assert sorted((one.right.value, one.outcome.value) for one in found) == [
        ("full_access", "unwanted"),
        ("full_access", "unwanted"),
        ("send_as", "unknown"),
        ("send_on_behalf", "unwanted"),
    ]
    assert all("that the snapshot does not hold" in one.account or one.account == "others" for one in found)


def test_a_listing_of_the_organisation_is_refused_where_it_is_held_in_part(tmp_path: Path) -> None:
    source = minimal(tenant_of(mailbox(SALES)), tmp_path, SALES)
    with source.opened(True, False) as session:
        overview, _statistics = inquire(session, Inquiry(all_mailboxes=True), FakeWatch())
    assert overview.permissions == ()
    assert all(NOT_HELD in one.cause for one in overview.gaps)
    assert overview.gaps


@pytest.mark.parametrize(
    "call",
    [
        cmdlets.get_send_as_of("S-1-5-21-9-9-9-9"),
        cmdlets.get_send_as_everywhere(),
        cmdlets.get_delegates_everywhere(),
        cmdlets.list_recipients(),
        cmdlets.list_users(),
        cmdlets.get_users(filters.equals("UserPrincipalName", SALES)),
        cmdlets.get_names(filters.equals("Name", "Somebody")),
        cmdlets.get_recipients("EmailAddresses -like 'smtp:sales*'"),
        cmdlets.get_recipients("-not(EmailAddresses -eq 'smtp:sales@contoso.com') -and Name -eq 'x'"),
        cmdlets.get_send_on_behalf_of(filters.equals("GrantSendOnBehalfTo", "CN=somebody")),
        cmdlets.get_full_access_on("11111111-0000-4000-8000-000000000001", True),
        cmdlets.get_send_as_on("11111111-0000-4000-8000-000000000001"),
        cmdlets.get_delegates_on("11111111-0000-4000-8000-000000000001"),
    ],
    ids=lambda call: f"{call.cmdlet} {call.parameters.get('Filter', '')}",
)
def test_a_question_whose_answer_is_held_in_part_at_best_is_answered_with_that(tmp_path: Path, call: Call) -> None:
    source = minimal(tenant_of(mailbox(SALES)), tmp_path, SALES)
    with source.opened(True, False) as session:
        ((_call, answer),) = session.invoke([call])
    assert answer.error is not None
    assert answer.error.code == NOT_HELD_CODE
    assert answer.error.text.startswith(NOT_HELD)


def test_surplus_and_retired_accounts_are_looked_for_on_its_mailboxes(tmp_path: Path) -> None:
    tenant = tenant_of(
        mailbox(SALES, send_as=[ROUTER], send_on_behalf=[ROUTER]), mailbox(OTHER, send_as=[ROUTER]), mailbox(SUPPORT)
    )
    source = minimal(tenant, tmp_path, SALES, SUPPORT)
    rule = SurplusRule(wishes([SUPPORT], [ROUTER]), 1, (ROUTER,))
    report = rehearsed(source, Scope(wishes([SUPPORT], [ROUTER]), surplus=rule))
    assert EVERYWHERE in report.coverage["surplus_send_as"]  # which the result of a task then says otherwise
    found = report.findings
    assert {(one.address, one.right.value) for one in found if one.outcome is Outcome.SURPLUS} == {
        (SALES, "send_as"),
        (SALES, "send_on_behalf"),
    }


def test_what_an_account_with_a_sid_history_holds_beyond_is_unknown_where_it_takes_every_list(tmp_path: Path) -> None:
    old = "S-1-5-21-9-9-9-9"
    tenant = tenant_of(mailbox(SALES, send_as=[{"sid": old}]), mailbox(OTHER, sid_history=[old]))
    source = minimal(tenant, tmp_path, SALES, accounts=(ROUTER, OTHER))
    found = rehearsed(source, Scope(wishes([SALES], [ROUTER]), retired=(OTHER,))).findings
    assert {(one.right.value, one.outcome.value) for one in found if one.account == OTHER} == {
        ("send_as", "unwanted"),
        ("send_as", "unknown"),
    }


def test_a_rehearsal_of_writes_reads_back_what_it_wrote_and_forgets_it(tmp_path: Path) -> None:
    tenant = tenant_of(
        mailbox(SALES), mailbox(SUPPORT, send_as=[ROUTER], full_access=[ROUTER], send_on_behalf=[ROUTER])
    )
    source = minimal(tenant, tmp_path, SALES, SUPPORT)
    for _again in range(2):
        granted = rehearsed(source, Scope(wishes([SALES], [ROUTER])), check_mode=False).findings
        assert {one.outcome for one in granted} == {Outcome.GRANTED}
        revoked = rehearsed(source, Scope(wishes([SUPPORT], [ROUTER], State.ABSENT)), check_mode=False).findings
        assert {one.outcome for one in revoked} == {Outcome.REVOKED}


def test_several_who_bear_an_address_and_a_mailbox_in_the_bin_are_told_as_before(tmp_path: Path) -> None:
    tenant = tenant_of(
        mailbox(SALES, name="One"),
        mailbox("two@contoso.com", name="Two", aliases=[SALES]),
        mailbox(OTHER, soft_deleted=True),
    )
    source = minimal(tenant, tmp_path, SALES, OTHER)
    assert {one.outcome for one in by_right(source, SALES).values()} == {Outcome.AMBIGUOUS}
    told = set(by_right(source, OTHER).values())
    assert {(one.outcome, one.cause) for one in told} == {(Outcome.NOT_FOUND, "the mailbox is soft-deleted")}


def test_an_entry_without_a_sid_still_leaves_doubt(tmp_path: Path) -> None:
    tenant = tenant_of(mailbox(SALES, full_access=[{"sid": "", "user": "router", "rights": ["FullAccess"]}]))
    for detail in Detail:
        source = filed(taken_of(session_with(tenant), [SALES], [ROUTER], detail).snapshot, tmp_path)
        finding = by_right(source, SALES)["full_access"]
        assert finding.outcome is Outcome.UNKNOWN
        assert "without a SID" in finding.cause
