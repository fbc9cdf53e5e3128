# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Surplus, retired accounts, brakes and rotation, in plays as a user has them: with a limit, in batches, half blind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Answer, Parameter
from ansible_collections.email_router.exchange_online.tests.simulator.faults import Effect, Fault, Trouble
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions
from ansible_collections.email_router.exchange_online.tests.simulator.simulator import SimulatorOptions

from .conftest import SetStage
from .harness import OLDEST_AND_NEWEST, Run
from .playbooks import AUDIT, ENFORCE, for_mailboxes
from .stage import MAILBOXES, ROUTER, SEND_AS, Stage, contoso

SALES, SUPPORT, BILLING, OLD = (f"{name}@contoso.com" for name in ("sales", "support", "billing", "old"))
ELSEWHERE = "elsewhere@contoso.com"
HEIR, RETIRED = "graph-sender@contoso.com", "old.router@contoso.com"
GONE = "S-1-5-21-1004336348-1177238915-682003330-2001"
LISTED = (SALES, SUPPORT, BILLING, OLD)
STAND_IN = HostOptions(pwsh=None)
#: What the router holds beyond Send As of the listed mailboxes.
SURPLUS = {f"{ELSEWHERE} send_as", f"{ELSEWHERE} send_on_behalf", f"{SUPPORT} full_access"}
LOOK: dict[str, Any] = {"surplus_group": MAILBOXES}
REVOKE: dict[str, Any] = {**LOOK, "surplus": "revoke", "surplus_group_minimum": len(LISTED)}
BOTH = [ROUTER, HEIR]


@pytest.fixture
def stage(set_stage: SetStage) -> Stage:
    recipients: list[dict[str, Any]] = [
        *({"kind": "UserMailbox", "address": address} for address in (HEIR, RETIRED)),
        {"address": SALES, "send_as": BOTH},
        {"address": SUPPORT, "send_as": BOTH, "full_access": BOTH},
        {"address": BILLING, "send_as": [ROUTER]},
        {"address": OLD, "send_as": [ROUTER, HEIR]},
        {"address": ELSEWHERE, "send_as": BOTH, "send_on_behalf": BOTH},
    ]
    return set_stage(contoso(*recipients), host=STAND_IN)


def surplus(run: Run, number: int = 0) -> set[str]:
    """Mailbox and right of what a task found to be surplus and left."""
    return {f"{row['mailbox']} {row['right']}" for row in run.accesses[number]["grants"] if row["outcome"] == "surplus"}


def taken(run: Run) -> set[str]:
    return {row for row, outcome in run.outcomes().items() if outcome == "revoked"}


def holds_still(stage: Stage) -> set[str]:
    """Which of its surplus the router holds."""
    return {row for row in SURPLUS if stage.holds(*row.split())}


def test_surplus_is_reported_wherever_it_is_and_left(stage: Stage) -> None:
    before = stage.books()
    run = stage.ensure(LISTED, **LOOK)
    assert (run.status, surplus(run), run.changed) == (0, SURPLUS, False)
    assert "3 grants are surplus, the first: elsewhere@contoso.com" in run.text
    assert (stage.writes, stage.books()) == ([], before)


@pytest.mark.parametrize("core", OLDEST_AND_NEWEST)
def test_revoking_takes_the_surplus_and_nothing_else(stage: Stage, core: str) -> None:
    checked = stage.on(core).ensure(LISTED, "--check", **REVOKE)
    assert {row for row, outcome in checked.outcomes().items() if outcome == "unwanted"} == SURPLUS
    assert (checked.status, stage.writes) == (0, [])
    run = stage.ensure(LISTED, **REVOKE)
    assert (run.status, taken(run), len(stage.writes)) == (0, SURPLUS, 3)
    assert all(stage.holds(mailbox, "send_as") for mailbox in LISTED)
    assert [stage.holds(ELSEWHERE, right, HEIR) for right in ("send_as", "send_on_behalf")] == [True, True]
    assert stage.holds(SUPPORT, "full_access", HEIR)
    again = stage.ensure(LISTED, **REVOKE)
    assert (again.status, again.changed, len(stage.writes)) == (0, False, 3)


def test_what_the_limit_leaves_out_is_not_surplus(stage: Stage) -> None:
    run = stage.ensure(LISTED, "--limit", SALES, **REVOKE)
    assert (run.status, taken(run)) == (0, SURPLUS), run.output
    assert all(stage.holds(mailbox, "send_as") for mailbox in LISTED)


@pytest.mark.parametrize("core", OLDEST_AND_NEWEST)
def test_in_a_serial_play_surplus_is_looked_for_once(stage: Stage, core: str) -> None:
    inventory = stage.on(core).inventory(LISTED)
    run = stage.play("-i", inventory, stage.playbook(stage.task(**LOOK), serial=2))
    assert run.status == 0
    assert [surplus(run, number) for number in range(2)] == [SURPLUS, set()]
    revoked = stage.play("-i", inventory, stage.playbook(stage.task(**REVOKE), serial=1))
    assert (revoked.status, holds_still(stage), len(stage.writes)) == (0, set(), 3)


def test_a_limit_of_writes_is_refused_where_each_batch_would_count_anew(stage: Stage) -> None:
    inventory = stage.inventory(LISTED)
    for limit in ("max_grants", "max_revocations"):
        options: dict[str, Any] = {limit: "1"}
        run = stage.play("-i", inventory, stage.playbook(stage.task(**options), serial=2))
        assert run.status == 2
        assert f"{limit} (role: mailbox_delegation_{limit}) cannot hold in a serial play" in run.message
    assert stage.tenant.sign_ins == 0


def test_a_group_that_is_too_small_revokes_nothing(stage: Stage) -> None:
    """Half of the inventory is not there: what the router holds on the other half is surplus now."""
    before = stage.books()
    run = stage.ensure([SALES, SUPPORT], **REVOKE)
    assert (run.status, stage.writes, stage.books()) == (0, [], before)
    assert surplus(run) == SURPLUS | {f"{BILLING} send_as", f"{OLD} send_as"}
    assert "held back: surplus_group has 2 mailboxes, fewer than 4, surplus_group_minimum (role: " in run.text


@pytest.mark.parametrize("selected", [LISTED, (SALES,)], ids=["all", "limited to another"])
def test_a_renamed_mailbox_holds_everything_back(stage: Stage, selected: tuple[str, ...]) -> None:
    hosts: dict[str, dict[str, Any]] = {each: {} for each in LISTED}
    hosts |= {BILLING: {"mailbox_delegation_mailbox": "invoices@contoso.com"}}
    run = stage.ensure(hosts, "--limit", ",".join(selected), **REVOKE)
    assert (run.status, stage.writes) == (2 if BILLING in selected else 0, [])
    assert surplus(run) == SURPLUS | {f"{BILLING} send_as"}
    held_back = {row["cause"] for row in run.access["grants"] if row["outcome"] == "surplus"}
    assert all(cause.startswith("held back: 1 mailbox of") and BILLING in cause for cause in held_back)


def test_a_rejected_row_of_an_export_holds_everything_back(stage: Stage) -> None:
    """It may be the mailbox whose grants would be surplus."""
    inventory = stage.inventory(LISTED, variables={"crm_rejected_rows": 1})
    run = stage.play("-i", inventory, stage.playbook(stage.task(**REVOKE)))
    assert (run.status, surplus(run), stage.writes) == (0, SURPLUS, [])
    assert "held back: 1 row of exports was rejected (crm_rejected_rows), each may be a mailbox" in run.text
    known = stage.play("-i", inventory, stage.playbook(stage.task(**REVOKE)), "-e", "crm_rejected_rows=0")
    assert (known.status, holds_still(stage)) == (0, set())


def test_revoking_needs_a_group_and_its_least_number(stage: Stage) -> None:
    for wrong in ({"surplus": "revoke"}, {**LOOK, "surplus": "revoke"}, {**REVOKE, "surplus_group": "crm_mialboxes"}):
        run = stage.ensure(LISTED, **wrong)
        assert run.status == 2
        assert "surplus" in run.message
    assert stage.tenant.sign_ins == 0


# Retired accounts


@pytest.mark.parametrize("core", OLDEST_AND_NEWEST)
def test_retired_accounts_lose_everything_by_name_and_by_sid(set_stage: SetStage, core: str) -> None:
    held: list[Any] = [ROUTER, RETIRED, {"sid": GONE}]
    recipients = (
        {"kind": "UserMailbox", "address": RETIRED},
        {"address": SALES, "send_as": held, "full_access": held},
        {"address": ELSEWHERE, "send_as": held, "send_on_behalf": [ROUTER, RETIRED]},
        {"kind": "MailContact", "address": "partner@fabrikam.com", "send_as": held},
    )
    stage = set_stage(contoso(*recipients), core=core, host=STAND_IN)
    inventory = for_mailboxes(stage, [SALES], {"mailbox_delegation_retired_accounts": [RETIRED, GONE]})
    audit = stage.play("-i", inventory, AUDIT)
    assert (audit.status, stage.writes) == (2, [])
    assert audit.access["summary"]["unwanted"] == 9
    enforced = stage.play("-i", inventory, ENFORCE)
    assert (enforced.status, enforced.access["summary"]["revoked"], len(stage.writes)) == (0, 9, 9)
    for address, rights in ((SALES, ("send_as", "full_access")), (ELSEWHERE, ("send_as", "send_on_behalf"))):
        assert [stage.tenant.holders(address, right) for right in rights] == [{ROUTER}, {ROUTER}]
    assert stage.tenant.holders("partner@fabrikam.com", "send_as") == {ROUTER}
    assert stage.play("-i", inventory, AUDIT).status == 0


def test_an_account_that_is_needed_is_not_retired(stage: Stage) -> None:
    run = stage.ensure(LISTED, retired_accounts=[ROUTER])
    assert (run.status, stage.writes) == (2, [])
    assert (
        "it is in retired_accounts (role: mailbox_delegation_retired_accounts) and in a profile that grants"
        in run.message
    )


# Brakes


def test_more_than_ten_revocations_need_to_be_allowed(set_stage: SetStage) -> None:
    names = [f"box{number:02}@contoso.com" for number in range(11)]
    stage = set_stage(contoso(*({"address": name, "send_as": [ROUTER]} for name in names)), host=STAND_IN)
    hosts = {name: {"mailbox_delegation_state": "absent"} for name in names}
    braked = stage.ensure(hosts)
    assert (braked.status, stage.writes) == (2, [])
    assert (
        "brake: 11 writes are called for where max_revocations (role: mailbox_delegation_max_revocations) allows 10"
        in braked.text
    )
    done = stage.ensure(hosts, max_revocations="100%")
    assert (done.status, len(stage.writes)) == (0, 11)


def test_a_share_of_the_mailboxes_is_counted_of_those_selected(set_stage: SetStage) -> None:
    stage = set_stage(contoso(*({"address": name} for name in LISTED)), host=STAND_IN)
    inventory = for_mailboxes(stage, LISTED, {"mailbox_delegation_max_grants": "50%"})
    braked = stage.play("-i", inventory, ENFORCE)
    assert (braked.status, stage.writes) == (2, [])
    assert (
        "4 writes are called for where max_grants (role: mailbox_delegation_max_grants) allows 2 (50% of 4 mailboxes)"
        in braked.text
    )
    alone = stage.play("-i", inventory, ENFORCE, "--limit", SALES)
    assert (
        "1 write is called for where max_grants (role: mailbox_delegation_max_grants) allows 0 (50% of 1 mailbox)"
        in alone.text
    )
    assert stage.play("-i", inventory, ENFORCE, "-e", "mailbox_delegation_max_grants=100%").status == 0
    assert len(stage.writes) == 4


# Rotation

ROTATION = {"graph": {**SEND_AS, "account": HEIR, "replaces": ROUTER}}


class Gap:
    """Looks at the books before every call: whether there is a moment without an account that may send."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.moments = stage, 0
        self.without: list[str] = []
        stage.tenant.before_invoke = self.look

    def look(self, _cmdlet: str, _parameters: Mapping[str, Parameter]) -> Answer | None:
        self.moments += 1
        self.without += [each for each in LISTED if not self.stage.tenant.holders(each, "send_as") & set(BOTH)]
        return None


@pytest.fixture
def old_world(set_stage: SetStage) -> Stage:
    """The router sends as each mailbox; Full Access to one is no business of the rotation."""
    heir = {"kind": "UserMailbox", "address": HEIR}
    more = {SUPPORT: {"full_access": [ROUTER]}, OLD: {"send_as": BOTH}}
    listed = ({"address": each, "send_as": [ROUTER], **more.get(each, {})} for each in LISTED)
    return set_stage(contoso(heir, *listed), host=STAND_IN)


def rotate(stage: Stage, *arguments: str, **options: Any) -> Run:
    return stage.ensure(LISTED, *arguments, profiles=ROTATION, profile="graph", **options)


@pytest.mark.parametrize("core", OLDEST_AND_NEWEST)
def test_a_rotation_has_no_moment_without_an_account_that_works(old_world: Stage, core: str) -> None:
    stage = old_world.on(core)
    gap = Gap(stage)
    rehearsed = rotate(stage, "--check")
    assert (rehearsed.status, stage.writes) == (0, [])
    done = rotate(stage)
    assert done.status == 0, done.output
    assert (gap.without, gap.moments) == ([], len(stage.tenant.calls))
    assert [stage.tenant.holders(each, "send_as") for each in LISTED] == [{HEIR}] * 4
    assert stage.holds(SUPPORT, "full_access")
    assert [call.cmdlet.partition("-")[0] for call in stage.writes] == ["Add"] * 3 + ["Remove"] * 4
    again = rotate(stage)
    assert (again.status, again.changed, len(stage.writes)) == (0, False, 7)


def test_where_the_heir_is_refused_the_old_account_stays(set_stage: SetStage, old_world: Stage) -> None:
    organisation = old_world.tenant.organisation
    sales = next(each for each in organisation.recipients if each.address == SALES)
    refused = Fault("Add-RecipientPermission", Trouble.OUT_OF_SCOPE, Effect.REFUSED, times=99, identity=sales.guid)
    stage = set_stage(organisation, host=STAND_IN, options=SimulatorOptions(tenant_faults=(refused,)))
    gap = Gap(stage)
    run = rotate(stage, verify=0)
    assert run.status == 2
    assert gap.without == []
    assert stage.tenant.holders(SALES, "send_as") == {ROUTER}
    assert [stage.tenant.holders(each, "send_as") for each in LISTED[1:]] == [{HEIR}] * 3


def test_a_grant_that_does_not_show_yet_does_not_cost_the_old_account_its_own(set_stage: SetStage) -> None:
    heir = {"kind": "UserMailbox", "address": HEIR}
    listed = ({"address": each, "send_as": [ROUTER]} for each in LISTED)
    stage = set_stage(contoso(heir, *listed, settings={"replication_lag": 2}), host=STAND_IN)
    gap = Gap(stage)
    first = rotate(stage, verify=0)
    assert [stage.tenant.holders(each, "send_as") for each in LISTED] == [set(BOTH)] * 4, first.output
    assert {(row["account"], row["outcome"]) for row in first.access["grants"]} == {
        (HEIR, "pending"),
        (ROUTER, "unwanted"),
    }
    assert rotate(stage, verify=0).status == 0
    assert [stage.tenant.holders(each, "send_as") for each in LISTED] == [{HEIR}] * 4
    assert gap.without == []
