# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""These and no others: who loses a right, who keeps it, and where nobody does because too little is certain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.apply import WriteSettings
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.brakes import Brakes, Limit
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.engine import Options, Scope, ensure
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Outcome, State, Wish
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Answer,
    Call,
    CmdletError,
    Parameter,
    Session,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.access import Entry
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .._exchange.sessions import ROUTER, THROTTLED, ScriptedSession, mailbox, signed_in, tenant_of, watched
from .runs import FakeWatch, Run, writes

SALES, SUPPORT, EVE, BOB = "sales@contoso.com", "support@contoso.com", "eve@contoso.com", "bob@contoso.com"
GONE = "S-1-5-21-9-9-9-500"
RIGHTS = tuple(Right)
LISTED = (Right.SEND_AS, Right.FULL_ACCESS)
READS = {
    Right.SEND_AS: "Get-RecipientPermission",
    Right.FULL_ACCESS: "Get-MailboxPermission",
    Right.SEND_ON_BEHALF: "Get-EXOMailbox",
}


def only(
    tenant: Tenant,
    mailboxes: Iterable[str] = (SALES,),
    rights: Sequence[Right] = RIGHTS,
    trustees: Iterable[str] = (ROUTER,),
    check_mode: bool = False,
    session: Session | None = None,
    brakes: Brakes | None = None,
) -> Run:
    """The trustees and nobody else hold the rights."""
    wishes = tuple(
        Wish(address, address, trustee, right, State.PRESENT)
        for address in mailboxes
        for trustee in trustees
        for right in rights
    )
    watch = FakeWatch()
    options = Options(check_mode, WriteSettings(verify=0), brakes or Brakes(), any_recipient=True)
    opened = session or signed_in(tenant, read_only=check_mode)
    report, statistics = ensure(opened, Scope(wishes, exclusive=True), options, watch)
    return Run(report, statistics, check_mode, watch)


def rows(done: Run) -> dict[str, str]:
    """``mailbox right account`` → outcome."""
    return {f"{one.host} {one.right.value} {one.account}": one.outcome.value for one in done.report.findings}


def entries_of(tenant: Tenant, right: Right, address: str = SALES) -> tuple[Entry, ...]:
    guid = next(each.guid for each in tenant.organisation.recipients if each.address == address)
    entries: tuple[Entry, ...] = getattr(tenant.organisation.access[guid], right.value)
    return entries


def people(**more: object) -> Tenant:
    """Two who are not wanted, and a mailbox where they and the account hold everything."""
    everybody = [ROUTER, EVE, BOB]
    held = {right.value: everybody for right in RIGHTS}
    return tenant_of(mailbox(EVE), mailbox(BOB), mailbox(SALES, **held), mailbox(SUPPORT), **more)


@pytest.mark.parametrize("right", RIGHTS)
def test_others_lose_the_right_and_no_other_right(right: Right) -> None:
    tenant = people()
    done = only(tenant, rights=(right,))
    assert rows(done) == {
        f"{SALES} {right.value} {ROUTER}": "compliant",
        f"{SALES} {right.value} {EVE}": "revoked",
        f"{SALES} {right.value} {BOB}": "revoked",
    }
    assert done.changed
    assert not done.fails
    held = {one.value: tenant.holders(SALES, one.value) for one in RIGHTS}
    everybody = {ROUTER, EVE, BOB}
    assert held == {one.value: {ROUTER} if one is right else everybody for one in RIGHTS}
    assert len(writes(tenant)) == 2


def test_again_there_is_nothing_to_do() -> None:
    tenant = people()
    only(tenant, (SALES, SUPPORT))
    sent = len(writes(tenant))
    done = only(tenant, (SALES, SUPPORT))
    assert set(done.outcomes) == {Outcome.COMPLIANT}
    assert len(writes(tenant)) == sent == 9


def test_in_check_mode_everything_is_said_and_nothing_done() -> None:
    tenant = people()
    before = dict(tenant.organisation.access)
    done = only(tenant, (SALES, SUPPORT), check_mode=True)
    outcomes = rows(done)
    assert {outcomes[f"{SALES} {right.value} {EVE}"] for right in RIGHTS} == {"unwanted"}
    assert {outcomes[f"{SUPPORT} {right.value} {ROUTER}"] for right in RIGHTS} == {"missing"}
    assert done.changed
    assert not done.fails
    assert (tenant.organisation.access, writes(tenant)) == (before, [])


def test_what_is_missing_is_granted_before_anything_is_taken_from_others() -> None:
    tenant = people()
    only(tenant, (SUPPORT, SALES))
    verbs = [
        "Remove" in str(call.parameters) or call.cmdlet.startswith("Remove") for call in tenant.calls if call.writes
    ]
    assert verbs == sorted(verbs)
    assert verbs.count(False) == 3


def test_where_the_wanted_could_not_be_granted_the_others_keep_the_right() -> None:
    tenant = tenant_of(mailbox(EVE), mailbox(SALES, send_as=[EVE]), mailbox(SUPPORT, send_as=[EVE]))
    sales = next(one.guid for one in tenant.organisation.recipients if one.address == SALES)

    def refuse(cmdlet: str, parameters: Mapping[str, Parameter]) -> Answer | None:
        blocked = cmdlet == "Add-RecipientPermission" and parameters["Identity"] == sales
        return Answer(error=CmdletError("Access is denied.")) if blocked else None

    tenant.before_invoke = refuse
    only(tenant, (SALES, SUPPORT), rights=(Right.SEND_AS,))
    assert tenant.holders(SALES, "send_as") == {EVE}
    assert tenant.holders(SUPPORT, "send_as") == {ROUTER}


@pytest.mark.parametrize("right", LISTED)
@pytest.mark.parametrize(
    ("entry", "outcome"),
    [
        ({"trustee": EVE}, "revoked"),
        ({"sid": GONE}, "revoked"),
        ({"trustee": EVE, "deny": True}, None),
        ({"trustee": EVE, "inherited": True}, None),
        ({"sid": "S-1-5-10"}, None),
    ],
    ids=["direct", "of a deleted account", "deny", "inherited", "self"],
)
def test_only_a_direct_allow_of_somebody_else_is_taken(
    right: Right, entry: dict[str, object], outcome: str | None
) -> None:
    tenant = tenant_of(mailbox(EVE), mailbox(SALES, **{right.value: [ROUTER, entry]}))
    before = entries_of(tenant, right)
    done = only(tenant, rights=(right,))
    outcomes = rows(done)
    assert outcomes.pop(f"{SALES} {right.value} {ROUTER}") == "compliant"
    assert list(outcomes.values()) == ([outcome] if outcome else [])
    assert entries_of(tenant, right) == (before[:1] if outcome else before)


@pytest.mark.parametrize("right", LISTED)
@pytest.mark.parametrize(
    "quirk", ["joined_rights", "double_self", "text_booleans", "upper_case_users", "display_names", "domain_prefix"]
)
def test_whatever_the_quirk_the_wanted_keep_theirs_and_the_others_lose_theirs(right: Right, quirk: str) -> None:
    tenant = people(quirks=[quirk])
    done = only(tenant, rights=(right,))
    assert tenant.holders(SALES, right.value) == {ROUTER}
    assert len(writes(tenant)) == 2
    assert not done.fails


@pytest.mark.parametrize("quirks", [["delegates_by_upn"], ["delegates_by_guid"], []])
def test_delegates_are_told_apart_however_they_are_shown(quirks: list[str]) -> None:
    tenant = people(quirks=quirks)
    done = only(tenant, rights=(Right.SEND_ON_BEHALF,))
    assert rows(done)[f"{SALES} send_on_behalf {EVE}"] == "revoked"
    assert tenant.holders(SALES, "send_on_behalf") == {ROUTER}
    guids = {each.guid for each in tenant.organisation.recipients}
    edits = [call.parameters["GrantSendOnBehalfTo"] for call in tenant.calls if call.writes]
    assert all(isinstance(edit, dict) and set(map(str, edit["Remove"])) <= guids for edit in edits)


@pytest.mark.parametrize("right", LISTED)
def test_one_who_is_called_as_the_wanted_is_not_the_wanted(right: Right) -> None:
    """Display names are shared, and a name may begin as another does (peers D5, D10)."""
    namesake = mailbox("router2@contoso.com", display_name="Router", quirks=["display_names"])
    tenant = tenant_of(
        namesake, mailbox(SALES, **{right.value: ["router2@contoso.com", ROUTER]}), quirks=["display_names"]
    )
    only(tenant, rights=(right,))
    assert tenant.holders(SALES, right.value) == {ROUTER}


@pytest.mark.parametrize("right", LISTED)
def test_an_entry_under_an_old_sid_of_the_wanted_is_the_wanted_ones(right: Right) -> None:
    old = "S-1-5-21-7-7-7-700"
    tenant = tenant_of(mailbox(EVE, sid_history=[old]), mailbox(SALES, **{right.value: [{"sid": old}]}))
    done = only(tenant, rights=(right,), trustees=(EVE,))
    assert rows(done) == {f"{SALES} {right.value} {EVE}": "compliant"}
    assert writes(tenant) == []


def test_an_entry_is_taken_with_the_inheritance_that_it_has_and_other_rights_in_it_stay() -> None:
    rights = ["FullAccess", "ReadPermission"]
    of_eve = [
        {"trustee": EVE, "rights": rights, "inheritance_type": "Children"},
        {"trustee": EVE, "inheritance_type": "All"},
    ]
    tenant = tenant_of(mailbox(EVE), mailbox(SALES, full_access=[ROUTER, *of_eve]))
    done = only(tenant, rights=(Right.FULL_ACCESS,))
    assert rows(done)[f"{SALES} full_access {EVE}"] == "revoked"
    left = [(entry.rights, entry.inheritance_type) for entry in entries_of(tenant, Right.FULL_ACCESS)[1:]]
    assert left == [(("ReadPermission",), "Children")]


@pytest.mark.parametrize("right", RIGHTS)
def test_where_a_list_cannot_be_read_nothing_is_taken_and_elsewhere_it_is(right: Right) -> None:
    tenant = tenant_of(
        mailbox(EVE),
        mailbox(SALES, **{right.value: [ROUTER, EVE]}),
        mailbox(SUPPORT, **{right.value: [ROUTER, EVE]}),
    )
    sales = next(each for each in tenant.organisation.recipients if each.address == SALES)

    def hook(cmdlet: str, parameters: Mapping[str, Parameter]) -> Answer | None:
        return THROTTLED if cmdlet == READS[right] and sales.guid in str(parameters) else None

    tenant.before_invoke = hook
    outcomes = rows(only(tenant, (SALES, SUPPORT), rights=(right,)))
    assert outcomes[f"{SALES} {right.value} others"] == "unknown"
    assert EVE in tenant.holders(SALES, right.value)
    if right is not Right.SEND_ON_BEHALF:  # one call asks for the delegates of both
        assert outcomes[f"{SUPPORT} {right.value} {EVE}"] == "revoked"
        assert tenant.holders(SUPPORT, right.value) == {ROUTER}


def test_a_delegate_who_may_be_several_keeps_the_right_and_is_reported() -> None:
    """Nothing is ever revoked by Name (design rule 3)."""
    tenant = tenant_of(
        mailbox("twin1@contoso.com", name="twin"),
        mailbox("twin2@contoso.com", name="twin"),
        mailbox(EVE),
        mailbox(SALES, send_on_behalf=[ROUTER, "twin1@contoso.com", EVE]),
    )
    done = only(tenant, rights=(Right.SEND_ON_BEHALF,))
    assert rows(done) == {
        f"{SALES} send_on_behalf {ROUTER}": "compliant",
        f"{SALES} send_on_behalf twin": "unknown",
        f"{SALES} send_on_behalf {EVE}": "revoked",
    }
    assert done.fails
    assert tenant.holders(SALES, "send_on_behalf") == {ROUTER, "twin1@contoso.com"}


@pytest.mark.parametrize("right", LISTED)
def test_an_entry_without_a_sid_is_not_taken_but_reported(right: Right) -> None:
    tenant = people()
    inner = watched(tenant)

    def without_sid(call: Call) -> Answer:
        answer = inner.script(call)
        rows = tuple(
            {name: "" if "Sid" in name and EVE in row.values() else value for name, value in row.items()}
            for row in answer.rows
        )
        return Answer(rows, answer.warnings, answer.error)

    done = only(tenant, rights=(right,), session=ScriptedSession(without_sid))
    assert rows(done)[f"{SALES} {right.value} {EVE}"] == "unknown"
    assert rows(done)[f"{SALES} {right.value} {BOB}"] == "revoked"
    assert tenant.holders(SALES, right.value) == {ROUTER, EVE}


def test_more_revocations_than_allowed_stop_everything_before_the_first_write() -> None:
    tenant = people()
    done = only(tenant, (SALES, SUPPORT), brakes=Brakes(revocations=Limit("5")))
    assert (
        "6 writes are called for where max_revocations (role: mailbox_delegation_max_revocations) allows 5"
        in done.report.warnings[0]
    )
    assert writes(tenant) == []
    assert done.fails
    assert not only(tenant, (SALES, SUPPORT), brakes=Brakes(revocations=Limit("6"))).fails


def test_a_trustee_that_cannot_use_its_own_right_is_not_somebody_else() -> None:
    tenant = tenant_of(mailbox(EVE), mailbox(SALES, send_as=[SALES, EVE]))
    outcomes = rows(only(tenant, rights=(Right.SEND_AS,), trustees=(ROUTER, SALES)))
    assert outcomes[f"{SALES} send_as {SALES}"] == "unsupported"
    assert outcomes[f"{SALES} send_as {EVE}"] == "revoked"
    assert tenant.holders(SALES, "send_as") == {ROUTER, SALES}


@pytest.mark.parametrize(
    "kind", ["MailContact", "MailUniversalDistributionGroup", "DynamicDistributionGroup", "MailUser"]
)
def test_send_as_of_what_has_no_mailbox_is_exclusive_too(kind: str) -> None:
    tenant = tenant_of(
        mailbox(EVE), mailbox("x@contoso.com", kind=kind, send_as=[EVE]), mailbox("y@contoso.com", kind=kind)
    )
    done = only(tenant, ("x@contoso.com", "y@contoso.com"), rights=(Right.SEND_AS,))
    assert sorted(rows(done).values()) == ["granted", "granted", "revoked"]
    assert tenant.holders("x@contoso.com", "send_as") == tenant.holders("y@contoso.com", "send_as") == {ROUTER}


def test_mailboxes_that_cannot_be_worked_on_lose_nothing() -> None:
    tenant = people()
    done = only(tenant, ("not an address", "nobody@contoso.com"), rights=(Right.SEND_AS,))
    assert [one.outcome.value for one in done.report.findings] == ["not_found", "unsupported"]
    assert only(tenant, ("not an address",)).outcomes == [Outcome.UNSUPPORTED] * 3
    assert writes(tenant) == []


def test_the_lists_of_mailboxes_are_read_once() -> None:
    tenant = people()
    done = only(tenant, (SALES, SUPPORT), check_mode=True)
    assert done.statistics.calls["Get-MailboxPermission"] == 2
    assert done.statistics.calls["Get-RecipientPermission"] == 3
