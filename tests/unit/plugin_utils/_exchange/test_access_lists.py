# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading access lists: what is evidence, and what must never be taken for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.access_lists import (
    AccessList,
    Entries,
    NoEvidence,
    read_full_access_on,
    read_send_as_of,
    read_send_as_on,
    read_send_on_behalf_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.identities import (
    Principal,
    Recipient,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Answer,
    Call,
    CmdletError,
    Property,
    Row,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .sessions import ACCOUNT, ROUTER, SALES, THROTTLED, TRUNCATION, ScriptedSession, mailbox, tenant_of, watched

SID = ACCOUNT.sids[0]
OLD = "S-1-5-21-9-9-9-500"
SUPPORT = replace(SALES, guid="11111111-0000-4000-8000-000000000002", name="Support", alias="", address="s@contoso.com")


def full_access(identity: str = "Sales Desk", user: str = ROUTER, sid: str = SID) -> Row:
    return {"Identity": identity, "User": user, "UserSid": sid, "Deny": False, "AccessRights": ["FullAccess"]}


def send_as(identity: str = "Sales Desk", trustee: str = ROUTER, sid: str = SID) -> Row:
    allow: dict[str, Property] = {"AccessControlType": "Allow", "AccessRights": ["SendAs"]}
    return {"Identity": identity, "Trustee": trustee, "TrusteeSidString": sid, **allow}


def own(identity: str = "Sales Desk") -> Row:
    return full_access(identity, "NT AUTHORITY\\SELF", "S-1-5-10")


def script(*answers: Answer) -> ScriptedSession:
    """One answer after the other, whatever is asked."""
    waiting = list(answers)
    return ScriptedSession(lambda call: waiting.pop(0))


def entries(read: AccessList) -> Entries:
    assert isinstance(read, Entries), read
    return read


def why(read: object) -> str:
    assert isinstance(read, NoEvidence), read
    return read.reason


def on_sales(session: ScriptedSession) -> AccessList:
    return read_full_access_on(session, [SALES])[SALES.guid]


def of_account(session: ScriptedSession, principal: Principal = ACCOUNT) -> AccessList:
    return read_send_as_of(session, [principal])[principal.key]


def test_a_list_with_its_self_entry_is_evidence_and_read_once() -> None:
    session = script(Answer((own(), full_access())))
    read = entries(on_sales(session))
    assert [entry.is_of(ACCOUNT) for entry in read.entries] == [False, True]
    assert read.doubt == ""
    assert len(session.calls) == 1


def test_a_list_without_its_self_entry_is_read_once_more_and_the_second_answer_counts() -> None:
    session = script(Answer((full_access(),)), Answer((own(),)))
    assert entries(on_sales(session)) == Entries(entries(on_sales(script(Answer((own(),))))).entries)
    assert len(session.calls) == 2
    assert session.calls[1] == replace(session.calls[0], fresh=True)


def test_a_list_without_its_self_entry_twice_is_believed_with_a_doubt() -> None:
    read = entries(on_sales(script(Answer((full_access(),)), Answer((full_access(),)))))
    assert read.entries[0].gives(Right.FULL_ACCESS)
    assert "SELF" in read.doubt


def test_an_empty_list_is_read_once_more_and_then_is_no_evidence() -> None:
    session = script(Answer(), Answer())
    assert "empty access list" in why(on_sales(session))
    assert len(session.calls) == 2
    assert entries(on_sales(script(Answer(), Answer((own(),))))).doubt == ""


@pytest.mark.parametrize(
    "answer",
    [THROTTLED, Answer(error=CmdletError("couldn't be found on", "ManagementObjectNotFoundException"))],
)
def test_a_read_that_failed_is_no_evidence_and_not_repeated(answer: Answer) -> None:
    session = script(answer)
    assert answer.error is not None
    assert why(on_sales(session)).startswith(f"Exchange answered: {answer.error.text}")
    assert len(session.calls) == 1


def test_a_second_read_that_fails_is_no_evidence() -> None:
    assert "Too many requests" in why(on_sales(script(Answer((full_access(),)), THROTTLED)))


def test_a_list_that_is_truncated_twice_is_no_evidence() -> None:
    truncated = Answer((own(), full_access()), (TRUNCATION,))
    assert "left rows out" in why(on_sales(script(truncated, truncated)))


@pytest.mark.parametrize(
    "odd", [Answer((own(), full_access()), (TRUNCATION,)), Answer((own(), full_access("Support")))]
)
def test_a_list_that_is_odd_once_is_read_again_and_then_believed(odd: Answer) -> None:
    assert entries(on_sales(script(odd, Answer((own(),))))).doubt == ""


@pytest.mark.parametrize("stranger", ["Support", "Sales Desk 2", "", "other/Support"])
def test_a_list_that_holds_an_entry_of_another_mailbox_is_no_evidence(stranger: str) -> None:
    answer = Answer((own(), full_access(), full_access(stranger)))
    read = on_sales(script(answer, answer))
    assert "another mailbox" in why(read)
    assert stranger in why(read)


@pytest.mark.parametrize("identity", ["SALES DESK", SALES.guid, "sales", "contoso.onmicrosoft.com/Sales Desk"])
def test_a_row_may_name_the_mailbox_by_another_of_its_names(identity: str) -> None:
    assert len(entries(on_sales(script(Answer((own(identity), full_access(identity)))))).entries) == 2


def test_one_bad_list_does_not_touch_the_others() -> None:
    session = ScriptedSession(
        lambda call: THROTTLED if call.parameters["Identity"] == SUPPORT.guid else Answer((own(),))
    )
    read = read_full_access_on(session, [SALES, SUPPORT, SALES])
    assert why(read[SUPPORT.guid])
    assert entries(read[SALES.guid]).doubt == ""
    assert len(session.calls) == 2


def test_send_as_of_a_mailbox_is_read_by_guid_and_unfiltered() -> None:
    session = script(Answer((send_as(trustee="NT AUTHORITY\\SELF", sid="S-1-5-10"), send_as())))
    read = entries(read_send_as_on(session, [SALES])[SALES.guid])
    assert [entry.gives(Right.SEND_AS) for entry in read.entries] == [True, True]
    assert session.calls[0].parameters == {"Identity": SALES.guid, "ResultSize": "Unlimited"}


GROUP = replace(SALES, kind="MailUniversalDistributionGroup", recipient_type="MailUniversalDistributionGroup")


@pytest.mark.parametrize("kind", ["MailContact", "DynamicDistributionGroup", "MailUniversalSecurityGroup"])
def test_a_list_of_what_is_no_user_needs_no_self_entry(kind: str) -> None:
    session = script(Answer((send_as(),)))
    read = entries(read_send_as_on(session, [replace(GROUP, recipient_type=kind)])[SALES.guid])
    assert (len(read.entries), read.doubt, len(session.calls)) == (1, "", 1)


def test_an_empty_list_of_what_is_no_user_is_read_once_more_and_then_is_empty() -> None:
    session = script(Answer(), Answer())
    assert entries(read_send_as_on(session, [GROUP])[SALES.guid]) == Entries(())
    assert len(session.calls) == 2
    assert entries(read_send_as_on(script(Answer(), Answer((send_as(),))), [GROUP])[SALES.guid]).entries
    assert why(read_send_as_on(script(Answer(), THROTTLED), [GROUP])[SALES.guid])


@pytest.mark.parametrize("kind", ["UserMailbox", "MailUser", ""])
def test_an_empty_list_of_a_user_or_of_what_is_not_known_is_no_evidence(kind: str) -> None:
    assert why(read_send_as_on(script(Answer(), Answer()), [replace(SALES, recipient_type=kind)])[SALES.guid])


def test_nobody_is_asked_about_no_mailboxes() -> None:
    session = script()
    assert read_full_access_on(session, []) == {}
    assert read_send_as_on(session, []) == {}
    assert read_send_as_of(session, []) == {}
    assert read_send_on_behalf_of(session, []) == {}


def real(tenant: Tenant) -> tuple[ScriptedSession, Principal, Recipient]:
    """A session with an organisation, its account and its second recipient as this layer knows them."""
    router, target = tenant.organisation.recipients[:2]
    principal = replace(
        ACCOUNT,
        sids=(router.sid, *router.sid_history),
        guid=router.guid,
        upn=router.upn,
        name=router.name,
        distinguished_name=router.distinguished_name,
    )
    return watched(tenant), principal, replace(SALES, guid=target.guid, name=target.name, address=target.address)


def test_entries_of_deleted_accounts_are_read_only_where_asked_for() -> None:
    session, _account, target = real(tenant_of(mailbox("sales@contoso.com", full_access=[{"sid": OLD}])))
    assert OLD not in {one.sid for one in entries(read_full_access_on(session, [target])[target.guid]).entries}
    read = read_full_access_on(session, [target], unresolved=True)
    assert OLD in {one.sid for one in entries(read[target.guid]).entries}


def test_send_as_over_the_tenant_costs_one_call_for_each_sid() -> None:
    tenant = tenant_of(*(mailbox(f"box{number}@contoso.com", send_as=[ROUTER]) for number in range(9)))
    session, account, _target = real(tenant)
    read = entries(of_account(session, replace(account, sids=(*account.sids, OLD))))
    assert sorted(entry.mailbox for entry in read.entries) == [f"box{number}" for number in range(9)]
    asked = [call.parameters["Trustee"] for call in session.calls]
    assert asked == [account.sids[0], OLD, OLD], "an answer without rows would stand for every mailbox: it is checked"


def test_an_entry_under_a_sid_of_the_history_is_found() -> None:
    session, account, _target = real(tenant_of(mailbox("sales@contoso.com", send_as=[{"sid": OLD}])))
    assert entries(of_account(session, account)).entries == ()
    found = entries(of_account(session, replace(account, sids=(*account.sids, OLD)))).entries
    assert [entry.sid for entry in found] == [OLD]


def test_the_same_entry_under_two_questions_is_one() -> None:
    session = script(Answer((send_as(),)), Answer((send_as(),)))
    assert len(entries(of_account(session, replace(ACCOUNT, sids=(SID, OLD)))).entries) == 1


def test_entries_of_another_account_are_no_evidence() -> None:
    read = of_account(script(Answer((send_as(), send_as(trustee="eve@contoso.com", sid="S-1-5-21-1-2-3-66")))))
    assert why(read) == "Exchange answered with entries of another account (eve@contoso.com)"


@pytest.mark.parametrize("second", [THROTTLED, Answer((send_as(),), (TRUNCATION,))])
def test_one_sid_that_cannot_be_read_leaves_the_whole_account_without_evidence(second: Answer) -> None:
    assert why(of_account(script(Answer((send_as(),)), second), replace(ACCOUNT, sids=(SID, OLD))))


def test_an_account_that_cannot_be_read_does_not_touch_the_others() -> None:
    other = replace(ACCOUNT, guid="other", sids=(OLD,))
    session = ScriptedSession(lambda call: THROTTLED if call.parameters["Trustee"] == OLD else Answer((send_as(),)))
    read = read_send_as_of(session, [ACCOUNT, other])
    assert why(read["other"])
    assert len(entries(read[ACCOUNT.key]).entries) == 1


@pytest.mark.parametrize("quirks", [[], ["delegates_by_upn"], ["delegates_by_guid"]])
def test_send_on_behalf_over_the_tenant_costs_one_call_however_delegates_are_named(quirks: list[str]) -> None:
    boxes = [mailbox("a@contoso.com", send_on_behalf=[ROUTER]), mailbox("b@contoso.com")]
    session, account, target = real(tenant_of(*boxes, quirks=quirks))
    assert read_send_on_behalf_of(session, [account]) == {account.key: frozenset({target.guid})}
    assert session.cmdlets == ["Get-EXOMailbox"]


def delegators(answer: Answer, principal: Principal = ACCOUNT) -> object:
    return read_send_on_behalf_of(ScriptedSession(lambda call: answer), [principal])[principal.key]


@pytest.mark.parametrize("delegates", [["Eve"], [], None, ["Router 2"]])
def test_a_mailbox_that_does_not_name_the_account_is_no_evidence(delegates: Property) -> None:
    answer = Answer(({"Guid": SALES.guid, "Name": "Sales Desk", "GrantSendOnBehalfTo": delegates},))
    assert "does not name the account (Sales Desk)" in why(delegators(answer))


@pytest.mark.parametrize("answer", [THROTTLED, Answer((), (TRUNCATION,))])
def test_send_on_behalf_that_cannot_be_read_is_no_evidence(answer: Answer) -> None:
    assert why(delegators(answer))


def test_one_delegate_alone_is_a_list_of_one_and_guids_are_compared_in_lower_case() -> None:
    answer = Answer(({"Guid": SALES.guid.upper(), "Name": "Sales Desk", "GrantSendOnBehalfTo": "Router"},))
    assert delegators(answer) == frozenset({SALES.guid})


def test_a_deleted_account_is_named_by_no_mailbox_and_not_asked_for() -> None:
    def unasked(call: Call) -> Answer:
        raise AssertionError(call)

    gone = Principal(asked=OLD, sids=(OLD,))
    assert read_send_on_behalf_of(ScriptedSession(unasked), [gone]) == {OLD: frozenset()}


def test_an_account_without_a_distinguished_name_is_unknown_and_not_unnamed() -> None:
    assert "distinguished name" in why(delegators(Answer(), replace(ACCOUNT, distinguished_name="")))
