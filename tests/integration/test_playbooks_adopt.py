# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adopt: what accounts hold today becomes an inventory that an audit finds in order, and odd rows become comments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.tests.simulator.faults import Fault, Trouble
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions
from ansible_collections.email_router.exchange_online.tests.simulator.simulator import SimulatorOptions

from .conftest import SetStage
from .harness import OLDEST_AND_NEWEST, Run
from .playbooks import ADOPT, AUDIT, extra, for_localhost, for_snapshot
from .stage import MAILBOXES, ROUTER, Stage, contoso

ARCHIVER = "archiver@contoso.com"
GONE = "S-1-5-21-1004336348-1177238915-682003330-2001"
STAND_IN = HostOptions(pwsh=None)
STRICT = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}
DENY, INHERITED = {"trustee": ROUTER, "deny": True}, {"trustee": ROUTER, "inherited": True}
ODD = (
    {"kind": "UserMailbox", "address": ARCHIVER},
    {"address": "sales@contoso.com", "send_as": [ROUTER], "full_access": [ROUTER, {"sid": GONE}]},
    {"address": "support@contoso.com", "send_as": [ROUTER, ARCHIVER], "full_access": [DENY, ROUTER]},
    {"address": "billing@contoso.com", "send_as": [{"sid": GONE}], "full_access": [INHERITED]},
    {"kind": "UserMailbox", "address": "miles.o'neil@contoso.com", "send_as": [ROUTER]},
    {"kind": "UserMailbox", "address": "zoë@contoso.com", "send_as": [ROUTER], "send_on_behalf": [ROUTER]},
    {"kind": "RoomMailbox", "address": "boardroom@contoso.com", "full_access": [ARCHIVER]},
    {"kind": "MailUniversalDistributionGroup", "address": "team@contoso.com", "send_as": [ROUTER]},
    {"kind": "GroupMailbox", "address": "project@contoso.com", "send_as": [ROUTER]},
    {"kind": "MailContact", "address": "partner@fabrikam.com", "send_as": [ROUTER]},
)
PLAIN = {
    "sales@contoso.com": {(ROUTER, "send_as"), (ROUTER, "full_access")},
    "support@contoso.com": {(ROUTER, "send_as"), (ARCHIVER, "send_as")},
    "miles.o'neil@contoso.com": {(ROUTER, "send_as")},
    "zoë@contoso.com": {(ROUTER, "send_as"), (ROUTER, "send_on_behalf")},
    "boardroom@contoso.com": {(ARCHIVER, "full_access")},
}
COMMENTS = [
    f"billing@contoso.com (SharedMailbox): {ROUTER}, full_access, allow, inherited",
    f"billing@contoso.com (SharedMailbox): {GONE}, send_as, allow, the account was deleted",
    f"partner@fabrikam.com (MailContact): {ROUTER}, send_as, allow",
    f"project@contoso.com (GroupMailbox): {ROUTER}, send_as, allow",
    f"sales@contoso.com (SharedMailbox): {GONE}, full_access, allow, the account was deleted",
    f"support@contoso.com (SharedMailbox): {ROUTER}, full_access, allow",
    f"support@contoso.com (SharedMailbox): {ROUTER}, full_access, deny",
    f"team@contoso.com (MailUniversalDistributionGroup): {ROUTER}, send_as, allow",
]


def adopt(stage: Stage, inventory: Path, *accounts: str, file: str = "mailboxes.yml") -> Run:
    """Writes to a file that is named as somebody does who stands in the directory where it shall be."""
    return stage.play("-i", inventory, ADOPT, *extra(adopt_accounts=accounts, adopt_file=file))


def adopted(stage: Stage) -> Path:
    return stage.directory / "elsewhere" / "mailboxes.yml"


def meaning(file: Path) -> dict[str, set[tuple[str, str]]]:
    """Mailbox → accounts with rights, as the file says."""
    group = yaml.safe_load(file.read_text(encoding="utf-8"))[MAILBOXES]
    profiles: dict[str, dict[str, Any]] = group["vars"]["mailbox_delegation_profiles"]
    return {
        host: {
            (profiles[name]["account"], right)
            for name in variables["mailbox_delegation_profile"]
            for right in profiles[name]["rights"]
        }
        for host, variables in group["hosts"].items()
    }


def comments(file: Path) -> list[str]:
    _head, _title, odd = file.read_text(encoding="utf-8").partition("# Not in this inventory:\n")
    return sorted(line.removeprefix("#   ") for line in odd.splitlines())


@pytest.mark.parametrize("core", OLDEST_AND_NEWEST)
def test_an_audit_finds_the_adopted_inventory_in_order(set_user_stage: SetStage, core: str) -> None:
    stage = set_user_stage(contoso(*ODD), core=core, host=STAND_IN)
    inventory, before = for_localhost(stage), stage.books()
    run = adopt(stage, inventory, ROUTER, ARCHIVER, GONE)
    assert run.status == 0, run.output
    assert meaning(adopted(stage)) == PLAIN
    assert comments(adopted(stage)) == sorted(COMMENTS)
    told = run.task("What it came to").result["msg"]
    assert told.startswith(f"{adopted(stage)}: addresses: 9, entries: 16 (looked at: full_access: 8 of 8 mailboxes, ")

    audit = stage.play("-i", inventory, "-i", adopted(stage), AUDIT, environment=STRICT)
    assert audit.status == 0, audit.output
    assert audit.task("The verdict").result["msg"] == "8 grants on 5 mailboxes: 8 compliant"
    assert (stage.writes, stage.books()) == ([], before)


def test_a_file_that_is_there_is_not_written_over(set_user_stage: SetStage) -> None:
    stage = set_user_stage(contoso(*ODD), host=STAND_IN)
    adopted(stage).write_text("years of work")
    inventory = for_snapshot(stage)
    runs = (
        adopt(stage, inventory, ROUTER),
        adopt(stage, inventory, file="new.yml"),
        stage.play("-i", inventory, ADOPT),
    )
    assert [run.status for run in runs] == [2, 2, 2]
    assert f"{adopted(stage)} is there already, and is not written over. Name another file" in runs[0].text
    assert all("Say which accounts and which file, which must not exist yet" in run.text for run in runs[1:])
    assert adopted(stage).read_text() == "years of work"
    assert not (stage.directory / "elsewhere" / "new.yml").exists()


def test_accounts_that_are_called_the_same_in_two_domains_stay_two(set_user_stage: SetStage) -> None:
    other = "crmrouter@fabrikam.com"
    recipients = (
        {"kind": "UserMailbox", "address": other},
        {"address": "sales@contoso.com", "send_as": [ROUTER]},
        {"address": "sales@fabrikam.com", "send_as": [other]},
    )
    stage = set_user_stage(contoso(*recipients), host=STAND_IN)
    assert adopt(stage, for_snapshot(stage), ROUTER, other).status == 0
    assert meaning(adopted(stage)) == {
        "sales@contoso.com": {(ROUTER, "send_as")},
        "sales@fabrikam.com": {(other, "send_as")},
    }


def test_an_account_that_holds_nothing_gives_an_inventory_without_mailboxes(set_user_stage: SetStage) -> None:
    stage = set_user_stage(contoso({"address": "sales@contoso.com"}), host=STAND_IN)
    assert adopt(stage, for_snapshot(stage), ROUTER).status == 0
    assert (meaning(adopted(stage)), comments(adopted(stage))) == ({}, [])


def test_what_could_not_be_read_is_a_comment_and_fails(set_user_stage: SetStage) -> None:
    organisation: Organisation = contoso(*ODD)
    blind = next(each for each in organisation.recipients if each.address == "sales@contoso.com")
    faults = (Fault("Get-MailboxPermission", Trouble.SERVER_SIDE, times=99, identity=blind.guid),)
    stage = set_user_stage(organisation, host=STAND_IN, options=SimulatorOptions(tenant_faults=faults))
    run = adopt(stage, for_localhost(stage), ROUTER)
    assert run.status == 2
    assert "The file says what as comments." in run.task("Everything could be read").result["msg"]
    cause = "Exchange answered: A server side error has occurred"
    (said,) = (line for line in comments(adopted(stage)) if line.startswith("could not be read: "))
    assert said.startswith(f"could not be read: sales@contoso.com, {ROUTER}, full_access: {cause}")
    assert meaning(adopted(stage))["sales@contoso.com"] == {(ROUTER, "send_as")}
