# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mailbox_permission as a user runs it: check, look, apply, look, apply again; and everything that may stop it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.modules.mailbox_permission import EXAMPLES
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.access import AccessList
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions

from .conftest import SetStage
from .harness import OLDEST_AND_NEWEST
from .permissions import ensures, examples, looks, outcomes, permissions, play, results
from .stage import MAILBOXES, ROUTER, Stage, Transport, contoso

SALES, SUPPORT, ZOE = "sales@contoso.com", "support@contoso.com", "zoë.o'neil@contoso.com"
EVE, TEAM, LIST, PARTNER = "eve@contoso.com", "team@contoso.com", "list@contoso.com", "partner@contoso.com"
GONE = "S-1-5-21-9-9-9-500"
EVERYTHING = ["send_as", "full_access", "send_on_behalf"]
RECIPIENTS = (
    {"kind": "UserMailbox", "address": EVE, "name": "eve", "display_name": "CRM Email Router"},
    {"kind": "MailUniversalSecurityGroup", "address": TEAM, "display_name": "The Team"},
    {
        "address": SALES,
        "send_as": [ROUTER, EVE, {"sid": GONE}, {"trustee": TEAM, "deny": True}],
        "full_access": [
            {"trustee": EVE, "rights": ["FullAccess", "ReadPermission"], "inheritance_type": "Children"},
            {"trustee": TEAM, "inherited": True},
            {"sid": GONE},
        ],
        "send_on_behalf": [EVE, TEAM],
    },
    {"address": SUPPORT, "full_access": [{"trustee": ROUTER, "rights": ["ReadPermission"]}]},
    {"kind": "UserMailbox", "address": ZOE},
    {"kind": "MailUniversalDistributionGroup", "address": LIST, "send_as": [EVE]},
    {"kind": "MailContact", "address": PARTNER},
)
#: What mailbox_permission_info shows of SALES before anything is done.
ON_SALES = [
    f"{SALES} full_access {EVE}",
    f"{SALES} full_access {GONE} orphan",
    f"{SALES} full_access The Team inherited",
    f"{SALES} send_as {ROUTER}",
    f"{SALES} send_as {EVE}",
    f"{SALES} send_as {GONE} orphan",
    f"{SALES} send_as The Team deny",
    f"{SALES} send_on_behalf {EVE}",
    f"{SALES} send_on_behalf {TEAM}",
]
#: Speaks for PowerShell where it is not what the test is about.
STAND_IN = HostOptions(pwsh=None)
IN_CHECK_MODE = {"compliant": "compliant", "granted": "missing", "revoked": "unwanted"}


def quartet(stage: Stage, done: Mapping[str, str], after: list[str], **options: Any) -> None:
    """Check, look, apply, look, apply again. ``done``: outcomes of the first run that writes; ``after``: who holds what
    on the task's mailboxes then, as mailbox_permission_info shows it."""
    look = looks(mailboxes=options["mailboxes"])
    before = stage.books()
    run = play(stage, look, {**ensures(**options), "check_mode": True}, look)
    assert run.status == 0, run.output
    seen, checked, unchanged = results(run)
    assert outcomes(checked) == {row: IN_CHECK_MODE[outcome] for row, outcome in done.items()}
    assert checked["changed"] is any(outcome != "compliant" for outcome in done.values())
    assert unchanged["permissions"] == seen["permissions"]
    assert (stage.books(), stage.writes) == (before, [])

    run = play(stage, ensures(**options), look, ensures(**options), look)
    assert run.status == 0, run.output
    applied, changed, again, same = results(run)
    assert outcomes(applied) == done
    assert applied["changed"] is True
    assert permissions(changed) == after
    assert set(outcomes(again).values()) == {"compliant"}
    assert again["changed"] is False
    assert same["permissions"] == changed["permissions"]
    assert [look["changed"] for look in (seen, unchanged, changed, same)] == [False] * 4


def books_of(stage: Stage, address: str) -> AccessList:
    """The access lists of one mailbox, in the organisation's own books."""
    guid = next(each.guid for each in stage.tenant.organisation.recipients if each.address == address)
    return stage.books()[guid]


def keyed(outcome: str, mailboxes: list[str], rights: list[str], accounts: list[str]) -> dict[str, str]:
    return {f"{box} {right} {account}": outcome for box in mailboxes for right in rights for account in accounts}


def test_rights_are_granted_in_the_quartet(set_stage: SetStage) -> None:
    done = {
        **keyed("granted", [SALES, SUPPORT, ZOE], EVERYTHING, [ROUTER]),
        f"{SALES} send_as {ROUTER}": "compliant",
    }
    of_router = [f"{box} {right} {ROUTER}" for box in (SALES, SUPPORT, ZOE) for right in sorted(EVERYTHING)]
    after = sorted({*ON_SALES, *of_router}, key=lambda row: [word.lower() for word in row.split()[:3]])
    quartet(
        set_stage(contoso(*RECIPIENTS)),
        done,
        after,
        mailboxes=[SALES, SUPPORT, ZOE],
        trustees=[ROUTER],
        rights=EVERYTHING,
    )


@pytest.mark.parametrize("core", OLDEST_AND_NEWEST)
def test_these_and_no_others_hold_the_rights_in_the_quartet(set_stage: SetStage, core: str) -> None:
    """SELF, Deny and inherited entries stay, and so does what is no FullAccess in the entry of another."""
    stage = set_stage(contoso(*RECIPIENTS), core=core)
    done = {
        **keyed("granted", [SALES, SUPPORT], EVERYTHING, [ROUTER]),
        f"{SALES} send_as {ROUTER}": "compliant",
        **keyed("revoked", [SALES], EVERYTHING, [EVE]),
        **keyed("revoked", [SALES], ["send_as", "full_access"], [GONE]),
        f"{SALES} send_on_behalf {TEAM}": "revoked",
    }
    after = [
        f"{SALES} full_access {ROUTER}",
        f"{SALES} full_access The Team inherited",
        f"{SALES} send_as {ROUTER}",
        f"{SALES} send_as The Team deny",
        f"{SALES} send_on_behalf {ROUTER}",
        *(f"{SUPPORT} {right} {ROUTER}" for right in sorted(EVERYTHING)),
    ]
    options = {"mailboxes": [SALES, SUPPORT], "trustees": [ROUTER], "rights": EVERYTHING}
    quartet(stage, done, after, **options, exclusive=True, max_revocations=6)
    left = books_of(stage, SALES).full_access[0]
    assert (left.rights, left.inheritance_type) == (("ReadPermission",), "Children")


def test_what_an_account_deleted_long_ago_holds_is_revoked_in_the_quartet(set_stage: SetStage) -> None:
    quartet(
        set_stage(contoso(*RECIPIENTS), host=STAND_IN),
        keyed("revoked", [SALES], ["send_as", "full_access"], [GONE]),
        [row for row in ON_SALES if GONE not in row],
        mailboxes=[SALES],
        trustees=[GONE],
        rights=["send_as", "full_access"],
        state="absent",
    )


def test_groups_and_contacts_are_sent_as_in_the_quartet(set_stage: SetStage) -> None:
    quartet(
        set_stage(contoso(*RECIPIENTS), host=STAND_IN),
        keyed("granted", [LIST, PARTNER], ["send_as"], [ROUTER]),
        [f"{LIST} send_as {ROUTER}", f"{LIST} send_as {EVE}", f"{PARTNER} send_as {ROUTER}"],
        mailboxes=[LIST, PARTNER],
        trustees=[ROUTER],
        rights=["send_as"],
    )


def test_full_access_is_granted_with_the_inheritance_and_auto_mapping_that_are_asked_for(set_stage: SetStage) -> None:
    stage = set_stage(contoso(*RECIPIENTS), transport=Transport.LOCAL)
    options = {"mailboxes": [ZOE], "trustees": [ROUTER], "rights": ["full_access"]}
    run = play(stage, ensures(**options, inheritance="SelfAndChildren", auto_mapping=True), looks(mailboxes=[ZOE]))
    assert run.status == 0, run.output
    (row,) = results(run)[1]["permissions"]
    assert row["inheritance_type"] == "SelfAndChildren"
    (entry,) = books_of(stage, ZOE).full_access
    assert entry.auto_mapping
    again = play(stage, ensures(**options), ensures(**options, state="absent"))
    assert [result["changed"] for result in results(again)] == [False, True]
    assert stage.writes[-1].parameters["InheritanceType"] == "SelfAndChildren"
    assert not stage.holds(ZOE, "full_access")


def test_it_runs_once_for_all_hosts_of_a_play_with_diff_and_an_identity_that_only_reads(set_stage: SetStage) -> None:
    stage = set_stage(contoso(*RECIPIENTS, apps=[{"role": "audit"}]))
    task = ensures(
        mailboxes=[SALES], trustees=[EVE], rights=["send_as", "full_access"], exclusive=True, max_revocations=9
    )
    run = play(stage, task, arguments=("--check", "--diff"), hosts=MAILBOXES)
    assert run.status == 0, run.output
    (result,) = results(run)
    assert stage.tenant.sign_ins == 1
    assert f"-{SALES}: {ROUTER}: Send As" in run.output
    assert f" {SALES}: {EVE}: Send As" in run.output
    assert result["statistics"]["writes"] == 0


def test_more_revocations_than_allowed_fail_before_anything_is_written(set_stage: SetStage) -> None:
    stage = set_stage(contoso(*RECIPIENTS))
    task = ensures(mailboxes=[SALES], trustees=[ROUTER], rights=EVERYTHING, exclusive=True, max_revocations=5)
    run = play(stage, task)
    assert run.status == 2
    brake = "brake: 6 writes are called for where max_revocations (role: mailbox_delegation_max_revocations) allows 5"
    assert f"{brake}; nothing was written" in run.text
    assert stage.writes == []


def test_where_it_is_not_certain_whom_a_delegate_means_nothing_is_revoked_and_the_task_fails(
    set_stage: SetStage,
) -> None:
    twins = ({"address": f"twin{number}@contoso.com", "name": "twin"} for number in (1, 2))
    box = {"address": SALES, "send_on_behalf": ["twin1@contoso.com"]}
    stage = set_stage(contoso(*twins, box))
    options = {"mailboxes": [SALES], "trustees": [ROUTER], "rights": ["send_on_behalf"], "exclusive": True}
    run = play(stage, ensures(**options, max_revocations=5))
    assert run.status == 2
    assert "it is not certain whom the delegate 'twin' means" in run.text
    assert stage.holds(SALES, "send_on_behalf")
    assert stage.holds(SALES, "send_on_behalf", "twin1@contoso.com")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"mailboxes": []}, "mailboxes is empty: name at least one"),
        ({"trustees": ["CRM Email Router"]}, "an account is named by its user principal name"),
        ({"rights": ["owner"]}, "value of rights must be one or more of"),
        ({"exclusive": True}, "exclusive needs max_revocations"),
        ({"exclusive": True, "max_revocations": 1, "state": "absent"}, "exclusive goes with state present only"),
        ({"max_revocations": "many"}, "'many' is neither a number nor a per cent"),
        ({"inheritance": "Some"}, "value of inheritance must be one of"),
    ],
)
def test_options_that_cannot_be_meant_end_the_task_before_it_signs_in(
    set_stage: SetStage, options: dict[str, Any], says: str
) -> None:
    stage = set_stage(contoso(*RECIPIENTS))
    run = play(stage, ensures(**{"mailboxes": [SALES], "trustees": [ROUTER], "rights": ["send_as"], **options}))
    assert run.status == 2
    assert says in run.text
    assert stage.tenant.sign_ins == 0


def test_the_examples_do_what_they_say(set_stage: SetStage) -> None:
    gone = "S-1-5-21-1004336348-1177238915-682003330-1107"
    stage = set_stage(
        contoso(
            {"kind": "UserMailbox", "address": "alice@contoso.com"},
            {"kind": "MailUniversalSecurityGroup", "address": "assistants@contoso.com"},
            {"address": "board@contoso.com", "send_as": [ROUTER], "send_on_behalf": [ROUTER]},
            {"address": SALES, "send_as": [{"sid": gone}], "full_access": [{"sid": gone}]},
            {"address": SUPPORT},
        )
    )
    run = play(stage, *examples(stage, EXAMPLES), module_defaults={})
    assert run.status == 0, run.output
    assert [result["summary"]["total"] for result in results(run)] == [4, 6, 2]
    assert all(set(outcomes(result).values()) <= {"granted", "revoked"} for result in results(run))
    board = {"alice@contoso.com", "assistants@contoso.com"}
    assert stage.tenant.holders("board@contoso.com", "send_as") == board
    assert stage.tenant.holders("board@contoso.com", "send_on_behalf") == board
    assert stage.tenant.holders(SALES, "full_access") == stage.tenant.holders(SALES, "send_as") == {ROUTER}
    assert stage.holds(SUPPORT, "full_access")
