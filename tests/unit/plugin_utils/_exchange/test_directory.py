# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking up recipients: in batches where that is exact, alone where something is odd, never with a guess."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange import cmdlets
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.directory import (
    BATCH,
    Found,
    NameCheck,
    ask_all,
    check_names,
    find_by_id,
    find_recipients,
    why_no_evidence,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.identities import (
    Problem,
    ProblemKind,
    Recipient,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Answer,
    Call,
    CmdletError,
    Property,
    SessionLost,
)

from .sessions import ROUTER, SALES, THROTTLED, TRUNCATION, ScriptedSession, mailbox, tenant_of, watched

REFUSED = Answer(error=CmdletError("HttpStatusCode=414 The request URI is too long."))


def many(count: int) -> list[str]:
    return [f"box{number}@contoso.com" for number in range(count)]


def kind_of(found: Found) -> ProblemKind | None:
    return found.kind if isinstance(found, Problem) else None


def address_of(found: Found) -> str:
    assert isinstance(found, Recipient), found
    return found.address


def row(address: str, guid: str = SALES.guid, **more: Property) -> dict[str, Property]:
    return {"Guid": guid, "Name": "x", "PrimarySmtpAddress": address, "EmailAddresses": [f"SMTP:{address}"], **more}


def test_recipients_are_found_by_any_address_in_any_letter_case() -> None:
    session = watched(tenant_of(mailbox("sales@contoso.com", aliases=["Verkauf@contoso.com"])))
    found = find_recipients(session, ["SALES@contoso.com", "verkauf@CONTOSO.com", "sales@contoso.com"])
    assert set(found) == {"sales@contoso.com", "verkauf@contoso.com"}
    assert {address_of(one) for one in found.values()} == {"sales@contoso.com"}
    assert session.cmdlets == ["Get-EXORecipient"]


def test_many_addresses_cost_one_call_for_each_batch() -> None:
    session = watched(tenant_of(*map(mailbox, many(2 * BATCH + 1))))
    found = find_recipients(session, many(2 * BATCH + 1))
    assert [address_of(found[address]) for address in many(2 * BATCH + 1)] == many(2 * BATCH + 1)
    assert session.cmdlets == ["Get-EXORecipient"] * 3


def test_nothing_is_asked_for_where_nothing_is_sought() -> None:
    session = watched(tenant_of())
    assert find_recipients(session, []) == {}
    assert find_by_id(session, []) == {}
    assert check_names(session, []) == NameCheck({})
    assert session.calls == []


def test_an_address_with_an_apostrophe_or_another_alphabet_is_found() -> None:
    addresses = ["o'neil@contoso.com", "müller@contoso.com", "用户@例子.com"]
    found = find_recipients(watched(tenant_of(*map(mailbox, addresses))), addresses)
    assert [address_of(found[address]) for address in addresses] == addresses


def test_an_address_that_nobody_has_is_looked_at_alone_and_then_not_found() -> None:
    session = watched(tenant_of(mailbox("sales@contoso.com")))
    found = find_recipients(session, ["sales@contoso.com", "nobody@contoso.com"])
    assert kind_of(found["nobody@contoso.com"]) is ProblemKind.NOT_FOUND
    assert address_of(found["sales@contoso.com"]) == "sales@contoso.com"
    assert session.calls[1:] == [
        cmdlets.get_recipients("EmailAddresses -eq 'smtp:nobody@contoso.com'", soft_deleted=True)
    ]


def test_a_soft_deleted_mailbox_is_said_to_be_one() -> None:
    found = find_recipients(watched(tenant_of(mailbox("old@contoso.com", soft_deleted=True))), ["old@contoso.com"])
    assert found["old@contoso.com"] == Problem(
        ProblemKind.NOT_FOUND, "the mailbox is soft-deleted", "restore it, or take it off the list"
    )


def test_a_mailbox_that_only_the_second_look_shows_is_not_taken_for_deleted() -> None:
    inner = watched(tenant_of(mailbox("sales@contoso.com")))
    session = ScriptedSession(lambda call: inner.script(call) if len(session.calls) > 1 else Answer())
    assert address_of(find_recipients(session, ["sales@contoso.com"])["sales@contoso.com"]) == "sales@contoso.com"


def test_recipients_that_are_shown_without_a_guid_are_unknown_each_of_them() -> None:
    session = ScriptedSession(lambda call: Answer((row("a@contoso.com", ""), row("b@contoso.com", ""))))
    found = find_recipients(session, ["a@contoso.com", "b@contoso.com"])
    assert [kind_of(one) for one in found.values()] == [ProblemKind.UNKNOWN, ProblemKind.UNKNOWN]


def test_a_mailbox_is_found_though_a_soft_deleted_one_had_its_address() -> None:
    two = [mailbox("sales@contoso.com", soft_deleted=True, name="Old Sales"), mailbox("sales@contoso.com")]
    found = find_recipients(watched(tenant_of(*two)), ["sales@contoso.com"])
    assert address_of(found["sales@contoso.com"]) == "sales@contoso.com"


def test_an_address_that_two_recipients_have_is_ambiguous_and_both_are_named() -> None:
    session = ScriptedSession(
        lambda call: Answer(
            (
                row("a@contoso.com", "1", Name="Zoe", RecipientTypeDetails="UserMailbox"),
                row("a@contoso.com", "2", Name="Ada", RecipientTypeDetails="MailContact"),
            )
        )
    )
    found = find_recipients(session, ["a@contoso.com"])["a@contoso.com"]
    assert isinstance(found, Problem)
    assert found.kind is ProblemKind.AMBIGUOUS
    assert "2 recipients have this address: Ada (MailContact), Zoe (UserMailbox)" in found.cause


def test_the_same_recipient_twice_in_an_answer_is_one() -> None:
    session = ScriptedSession(lambda call: Answer((row("a@contoso.com"), row("a@contoso.com"))))
    assert address_of(find_recipients(session, ["a@contoso.com"])["a@contoso.com"]) == "a@contoso.com"


def test_a_recipient_that_nobody_asked_for_is_not_taken_for_one_that_was() -> None:
    session = ScriptedSession(lambda call: Answer((row("sales.team@contoso.com"),)))
    found = find_recipients(session, ["sales@contoso.com"])
    assert kind_of(found["sales@contoso.com"]) is ProblemKind.NOT_FOUND


def test_a_recipient_without_a_guid_is_unknown_so_that_no_empty_identity_is_ever_sent() -> None:
    session = ScriptedSession(lambda call: Answer((row("a@contoso.com", ""),)))
    assert kind_of(find_recipients(session, ["a@contoso.com"])["a@contoso.com"]) is ProblemKind.UNKNOWN


@pytest.mark.parametrize("answer", [THROTTLED, Answer((row("box0@contoso.com"),), (TRUNCATION,))])
def test_a_read_that_cannot_be_believed_makes_every_address_of_its_batch_unknown(answer: Answer) -> None:
    session = ScriptedSession(lambda call: answer)
    found = find_recipients(session, many(3))
    assert {kind_of(one) for one in found.values()} == {ProblemKind.UNKNOWN}
    assert len(session.calls) == 1


def test_a_failed_batch_does_not_touch_the_others() -> None:
    tenant = tenant_of(*map(mailbox, many(BATCH + 1)))
    tenant.before_invoke = lambda cmdlet, parameters: THROTTLED if "box0@" in str(parameters) else None
    found = find_recipients(watched(tenant), many(BATCH + 1))
    assert kind_of(found["box0@contoso.com"]) is ProblemKind.UNKNOWN
    assert address_of(found[f"box{BATCH}@contoso.com"]) == f"box{BATCH}@contoso.com"


def test_a_look_alone_that_fails_leaves_the_address_unknown_and_not_missing() -> None:
    session = ScriptedSession(lambda call: THROTTLED if "IncludeSoftDeletedRecipients" in call.parameters else Answer())
    assert kind_of(find_recipients(session, ["a@contoso.com"])["a@contoso.com"]) is ProblemKind.UNKNOWN


def test_a_filter_that_is_too_long_is_halved_until_it_is_taken() -> None:
    tenant = tenant_of(*map(mailbox, many(BATCH)), settings={"filter_limit": 260})
    session = watched(tenant)
    found = find_recipients(session, many(BATCH))
    assert [address_of(found[address]) for address in many(BATCH)] == many(BATCH)
    assert session.cmdlets.count("Get-Recipient") == 0
    assert 1 + 2 < len(session.calls) < BATCH


def test_an_address_that_is_refused_alone_is_asked_for_by_the_classic_cmdlet() -> None:
    addresses = [*many(3), "o'neil@contoso.com"]
    session = watched(tenant_of(*map(mailbox, addresses), quirks=["apostrophes_refused"]))
    found = find_recipients(session, addresses)
    assert [address_of(found[address]) for address in addresses] == addresses
    assert session.cmdlets.count("Get-Recipient") == 1


@pytest.mark.parametrize("answer", [REFUSED, THROTTLED, Answer((row("a@contoso.com"),), (TRUNCATION,))])
def test_an_address_that_the_classic_cmdlet_does_not_answer_either_is_unknown(answer: Answer) -> None:
    session = ScriptedSession(lambda call: answer if call.cmdlet == "Get-Recipient" else REFUSED)
    assert kind_of(find_recipients(session, ["a@contoso.com"])["a@contoso.com"]) is ProblemKind.UNKNOWN


def test_ids_are_found_as_guid_or_object_id_in_any_letter_case() -> None:
    tenant = tenant_of(mailbox("sales@contoso.com"))
    sales = tenant.organisation.recipients[1]
    found = find_by_id(watched(tenant), [sales.guid.upper(), sales.object_id, SALES.guid])
    assert address_of(found[sales.guid]) == address_of(found[sales.object_id]) == "sales@contoso.com"
    assert kind_of(found[SALES.guid]) is ProblemKind.NOT_FOUND


def test_ids_cost_one_call() -> None:
    tenant = tenant_of(mailbox("sales@contoso.com"))
    session = watched(tenant)
    find_by_id(session, [one.object_id for one in tenant.organisation.recipients])
    assert session.cmdlets == ["Get-Recipient"]


def test_an_id_that_nobody_has_is_asked_for_twice() -> None:
    tenant = tenant_of(mailbox("sales@contoso.com"))
    sales, answers = tenant.organisation.recipients[-1], [Answer()]
    tenant.before_invoke = lambda cmdlet, parameters: answers.pop() if answers else None
    session = watched(tenant)
    assert kind_of(find_by_id(session, [sales.guid])[sales.guid]) is None
    assert session.cmdlets == ["Get-Recipient"] * 2


def test_ids_that_could_not_be_asked_for_are_unknown() -> None:
    found = find_by_id(ScriptedSession(lambda call: THROTTLED), [SALES.guid])
    assert kind_of(found[SALES.guid]) is ProblemKind.UNKNOWN


def named(tenant_names: list[str], asked: str) -> tuple[NameCheck, Recipient]:
    """The check of a name, and the first recipient that bears it."""
    tenant = tenant_of(*(mailbox(address, name=name) for address, name in zip(many(9), tenant_names, strict=False)))
    session = watched(tenant)
    first = find_recipients(session, many(1))["box0@contoso.com"]
    assert isinstance(first, Recipient)
    return check_names(session, [asked]), first


@pytest.mark.parametrize(
    ("names", "asked", "only"),
    [
        (["Sales"], "SALES", True),
        (["Sales", "Sales Desk"], "Sales", True),
        (["O'Neil", "Other"], "O'Neil", True),
        (["Sales", "sales"], "Sales", False),
        (["Sales"], "Other", False),
    ],
)
def test_a_name_is_good_only_where_one_recipient_bears_it(names: list[str], asked: str, only: bool) -> None:
    check, recipient = named(names, asked)
    assert check.is_only(recipient) is only


def test_a_groups_name_that_a_mailbox_bears_too_is_good_for_neither() -> None:
    group: dict[str, object] = {"kind": "MailUniversalDistributionGroup", "address": "g@contoso.com", "name": "Sales"}
    session = watched(tenant_of(mailbox("box0@contoso.com", name="Sales"), group))
    sales = find_recipients(session, many(1))["box0@contoso.com"]
    assert isinstance(sales, Recipient)
    assert not check_names(session, ["Sales"]).is_only(sales)


@pytest.mark.parametrize("answer", [THROTTLED, Answer(({"Name": "Sales Desk", "Guid": SALES.guid},), (TRUNCATION,))])
def test_a_name_that_could_not_be_checked_is_not_good(answer: Answer) -> None:
    assert not check_names(ScriptedSession(lambda call: answer), ["Sales Desk"]).is_only(SALES)


def test_a_row_that_answers_to_another_name_checks_nothing() -> None:
    stranger = Answer(({"Name": "Sales Desk 2", "Guid": SALES.guid},))
    assert not check_names(ScriptedSession(lambda call: stranger), ["Sales Desk"]).is_only(SALES)


def test_answers_find_their_questions_in_whatever_order_they_come() -> None:
    calls = {number: Call("Get-User", {"Filter": str(number)}) for number in range(5)}

    class Backwards(ScriptedSession):
        def invoke(self, calls):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            return reversed(list(super().invoke(calls)))

    session = Backwards(lambda call: Answer(({"Filter": str(call.parameters["Filter"])},)))
    assert {number: answer.rows[0]["Filter"] for number, answer in ask_all(session, calls).items()} == {
        number: str(number) for number in calls
    }


def test_a_session_that_ends_is_not_taken_for_an_answer() -> None:
    def ends(call: Call) -> Answer:
        raise SessionLost("the connection broke", (call,))

    with pytest.raises(SessionLost):
        find_recipients(ScriptedSession(ends), [ROUTER])


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(), None),
        (Answer(({"Name": "x"},), ("Micro delay applied",)), None),
        (Answer(error=CmdletError("Directory is broken.")), "Exchange answered: Directory is broken."),
        (Answer(({"Name": "x"},), (TRUNCATION,)), "Exchange left rows out of its answer"),
    ],
)
def test_only_a_whole_answer_without_error_is_evidence(answer: Answer, why: str | None) -> None:
    assert why_no_evidence(answer) == why
