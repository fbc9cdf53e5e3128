# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Withdraw: everything that an account holds is taken back, nothing else is, and what was not looked at fails."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Answer, Parameter
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.access import (
    EMPTY,
    AccessList,
    Entry,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.tests.simulator.faults import Fault, Trouble
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions
from ansible_collections.email_router.exchange_online.tests.simulator.simulator import SimulatorOptions

from .conftest import SetStage
from .harness import NEWEST, Run
from .playbooks import WITHDRAW, extra, for_localhost
from .stage import ROUTER, Stage, Transport, contoso

ARCHIVER = "archiver@contoso.com"
GONE = "S-1-5-21-1004336348-1177238915-682003330-2001"
STAND_IN = HostOptions(pwsh=None)
LAST = "Nothing is left, and everything was looked at"


def granted(mailboxes: int) -> Organisation:
    """The router holds all rights on so many mailboxes, and Send As of two groups and a contact; so does another."""
    both = [ROUTER, ARCHIVER]
    rights = {"send_as": [*both, {"sid": GONE}], "full_access": [*both, {"sid": GONE}], "send_on_behalf": both}
    return contoso(
        {"kind": "UserMailbox", "address": ARCHIVER},
        *({"address": f"box{number:03}@contoso.com", **rights} for number in range(mailboxes)),
        {"kind": "MailUniversalDistributionGroup", "address": "team@contoso.com", "send_as": both},
        {"kind": "DynamicDistributionGroup", "address": "everybody@contoso.com", "send_as": both},
        {"kind": "MailContact", "address": "partner@fabrikam.com", "send_as": both},
    )


def without(books: Mapping[str, AccessList], sid: str, guid: str = "") -> dict[str, AccessList]:
    """The books as they are once an account holds nothing by an entry of its own."""

    def kept(entry: Entry) -> bool:
        return entry.sid != sid or entry.deny or entry.inherited

    left = {
        mailbox: replace(
            access,
            full_access=tuple(filter(kept, access.full_access)),
            send_as=tuple(filter(kept, access.send_as)),
            send_on_behalf=tuple(each for each in access.send_on_behalf if each != guid),
        )
        for mailbox, access in books.items()
    }
    return {mailbox: access for mailbox, access in left.items() if access != EMPTY}


def entries(books: Mapping[str, AccessList]) -> int:
    return sum(len(one.full_access) + len(one.send_as) + len(one.send_on_behalf) for one in books.values())


def without_router(stage: Stage) -> dict[str, AccessList]:
    router = next(each for each in stage.tenant.organisation.recipients if each.address == ROUTER)
    return without(stage.books(), router.sid, router.guid)


def held(stage: Stage) -> dict[str, AccessList]:
    return {mailbox: access for mailbox, access in stage.books().items() if access != EMPTY}


def rehearse(stage: Stage, account: str, *arguments: str, **variables: Any) -> Run:
    return stage.play("-i", for_localhost(stage), WITHDRAW, *extra(withdraw_account=account, **variables), *arguments)


def withdraw(stage: Stage, account: str, *arguments: str) -> Run:
    return rehearse(stage, account, *arguments, withdraw_confirm=account)


def rows(run: Run) -> list[str]:
    found: list[str] = run.task("Row by row").result["msg"]
    return found


def test_three_hundred_grants_are_shown_then_taken_back_and_then_there_is_nothing_to_do(
    set_user_stage: SetStage,
) -> None:
    stage = set_user_stage(granted(99), host=STAND_IN)
    router = stage.tenant.organisation.recipients[0]
    before, wanted = stage.books(), without_router(stage)
    assert entries(before) - entries(wanted) == 300

    rehearsed = rehearse(stage, ROUTER)
    assert (rehearsed.status, stage.writes, stage.books()) == (0, [], before)
    assert len(rows(rehearsed)) == 300
    assert "partner@fabrikam.com, send_as, unwanted" in rows(rehearsed)
    told = rehearsed.task(LAST).result["msg"]
    assert told.startswith("Nothing was taken back, for withdraw_confirm is not set. Rights that ")
    assert f"{ROUTER} holds: 300 (looked at: full_access: 101 of 101 mail" in told
    assert told.endswith(f"To take them back, set -e withdraw_confirm={ROUTER}.")

    done = withdraw(stage, ROUTER)
    assert (done.status, held(stage)) == (0, wanted), done.output
    assert {row.rpartition(", ")[2] for row in rows(done)} == {"revoked"}
    assert len(stage.writes) == 300
    assert done.task(LAST).result["msg"].startswith(f"{ROUTER} holds nothing any more (looked at: full_access: 101 of")

    again = withdraw(stage, ROUTER)
    assert (again.status, again.changed, rows(again)) == (0, False, [])
    assert (held(stage), len(stage.writes)) == (wanted, 300)
    assert not any(router.guid in access.send_on_behalf for access in stage.books().values())


@pytest.mark.parametrize("transport", [Transport.NTLM, Transport.LOCAL], ids=lambda each: each.name.lower())
def test_what_an_interruption_left_is_taken_back_by_the_next_run(
    set_user_stage: SetStage, transport: Transport
) -> None:
    stage = set_user_stage(granted(8), host=STAND_IN, transport=transport)
    wanted = without_router(stage)
    seen: list[str] = []

    def kill(cmdlet: str, _parameters: Mapping[str, Parameter]) -> Answer | None:
        """PowerShell dies in the middle of the Full Access, the control node in that of Send As."""
        seen.append(cmdlet)
        if seen.count("Remove-MailboxPermission") == 4 and cmdlet == seen[-1] == "Remove-MailboxPermission":
            _end(stage.powershells())
        if seen.count("Remove-RecipientPermission") == 4 and cmdlet == "Remove-RecipientPermission":
            _end(stage.control_processes())
        return None

    stage.tenant.before_invoke = kill
    arguments = extra(withdraw_account=ROUTER, withdraw_confirm=ROUTER)
    broken = stage.node.play("-i", for_localhost(stage), WITHDRAW, *arguments)
    assert broken.status == -signal.SIGKILL
    assert entries(held(stage)) - entries(wanted) == 8 * 3 + 3 - 8 - 4, "another PowerShell went on with Full Access"

    stage.tenant.before_invoke = None
    again = stage.node.play("-i", for_localhost(stage), WITHDRAW, *arguments)
    assert (again.status, held(stage)) == (0, wanted), again.output
    assert len(rows(again)) == 8 * 3 + 3 - 8 - 4


def _end(processes: list[int]) -> None:
    for pid in processes:
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("core", ["2.18", NEWEST])
def test_a_disabled_account_is_withdrawn_by_its_object_id(set_user_stage: SetStage, core: str) -> None:
    left = {"kind": "User", "upn": "left@contoso.com", "name": "left", "account_disabled": True}
    rights = {"send_as": ["left", ROUTER], "full_access": ["left", ROUTER]}
    stage = set_user_stage(contoso(left, {"address": "sales@contoso.com", **rights}), transport=Transport.LOCAL)
    account = next(each for each in stage.tenant.organisation.recipients if each.name == "left")
    wanted = without(stage.books(), account.sid)
    done = withdraw(stage.on(core), account.object_id)
    assert (done.status, held(stage), len(stage.writes)) == (0, wanted, 2), done.output


@pytest.mark.parametrize("core", ["2.17", NEWEST])
def test_a_deleted_account_is_withdrawn_by_its_sid(set_user_stage: SetStage, core: str) -> None:
    stage = set_user_stage(granted(2), host=STAND_IN)
    wanted = without(stage.books(), GONE)
    rehearsed = rehearse(stage.on(core), GONE)
    assert (rehearsed.status, stage.writes, len(rows(rehearsed))) == (0, [], 4)
    done = withdraw(stage, GONE)
    assert (done.status, held(stage), len(stage.writes)) == (0, wanted, 4), done.output


def test_a_mailbox_that_could_not_be_read_fails_dry_or_not_and_the_rest_is_taken_back(set_user_stage: SetStage) -> None:
    organisation = granted(3)
    blind = organisation.recipients[2]
    faults = (Fault("Get-MailboxPermission", Trouble.SERVER_SIDE, times=99, identity=blind.guid),)
    stage = set_user_stage(organisation, host=STAND_IN, options=SimulatorOptions(tenant_faults=faults))
    cause = f"the first {blind.address}, {ROUTER}, Full Access: Exchange answered: A server side error has occurred"

    rehearsed = rehearse(stage, ROUTER)
    assert (rehearsed.status, stage.writes) == (2, [])
    assert cause in rehearsed.task(LAST).result["msg"]
    told = rehearsed.task(LAST).result["msg"]
    assert told.startswith("Nothing was taken back, for withdraw_confirm is not set. Rights left: ")
    assert "full_access: 4 of 5 mailboxes" in told

    done = withdraw(stage, ROUTER)
    assert done.status == 2
    message = done.task(LAST).result["msg"]
    assert message.startswith("Rights left: 0. Things that could not be looked at: 1 (looked at: full_access: 4 of 5")
    assert cause in message
    (unread,) = done.task("What could not be looked at").result["msg"]
    assert (unread["mailbox"], unread["right"]) == (blind.address, "full_access")
    assert entries(held(stage)) - entries(without_router(stage)) == 1


def test_what_is_refused_is_told_with_its_cause_and_what_denies_stays(set_user_stage: SetStage) -> None:
    odd = [{"trustee": ROUTER, "deny": True}, {"trustee": ROUTER, "inherited": True}]
    group = {"kind": "MailUniversalDistributionGroup", "address": "old@contoso.com", "directory_synced": True}
    recipients = (
        {"address": "sales@contoso.com", "send_as": [ROUTER], "full_access": odd},
        {**group, "send_as": [ROUTER]},
    )
    stage = set_user_stage(contoso(*recipients), host=STAND_IN)
    done = withdraw(stage, ROUTER)
    assert done.status == 2
    assert rows(done) == ["old@contoso.com, send_as, refused", "sales@contoso.com, send_as, revoked"]
    (why,) = done.task("What was not taken back, and why").result["msg"]
    assert "synchronized from your on-premises organization" in why
    stays = done.task("What stays, for it denies or is inherited").result["msg"]
    assert sorted(stays) == ["sales@contoso.com, full_access, allow", "sales@contoso.com, full_access, deny"]
    assert done.task(LAST).result["msg"].startswith("Rights left: 1. Things that could not be looked at: 0")


def test_an_account_that_nobody_knows_is_not_one_that_holds_nothing(set_user_stage: SetStage) -> None:
    stage = set_user_stage(granted(1), host=STAND_IN)
    for run in (rehearse(stage, "crmruoter@contoso.com"), withdraw(stage, "crmruoter@contoso.com")):
        assert (run.status, stage.writes) == (2, [])
        assert "no user or group of this name exists (check how it is written" in run.task(LAST).result["msg"]


def test_it_stays_a_dry_run_where_it_is_not_confirmed_word_for_word(set_user_stage: SetStage) -> None:
    stage = set_user_stage(granted(1), host=STAND_IN)
    before = stage.books()
    runs = (rehearse(stage, ROUTER, withdraw_confirm="yes"), withdraw(stage, ROUTER, "--check"))
    assert [run.status for run in runs] == [0, 0]
    ends = [run.task(LAST).result["msg"] for run in runs]
    assert ends[0].startswith("Nothing was taken back, for withdraw_confirm is yes, which is not the account ")
    assert ends[0].endswith(f"To take them back, set -e withdraw_confirm={ROUTER}.")
    assert ends[1].startswith("Nothing was taken back, for this is check mode. Rights")
    assert ends[1].endswith("To take them back, run it without --check.")
    nobody = stage.play("-i", for_localhost(stage), WITHDRAW)
    assert nobody.status == 2
    assert "Say which account: -e withdraw_account=NAME" in nobody.text
    assert (stage.writes, stage.books()) == ([], before)
