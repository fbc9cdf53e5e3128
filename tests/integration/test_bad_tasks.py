# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options and host variables that cannot be meant end the task before it signs in, and the message says what to set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from .harness import CORES, Run
from .stage import ROUTER, Hosts, Stage, contoso

SALES = "sales@contoso.com"
ONE: Hosts = (SALES,)


@dataclass(frozen=True)
class Case:
    """Options of the task on top of those of every run, the hosts, and what the message says."""

    says: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    hosts: Hosts = ONE


def _of_profile(**profile: Any) -> dict[str, Any]:
    return {"profiles": {"router": profile}}


CASES = {
    "unknown profile": Case(
        ("support@contoso.com: there is no profile 'nope' (profiles: router)",),
        hosts={SALES: {}, "support@contoso.com": {"mailbox_delegation_profile": ["router", "nope"]}},
    ),
    "no profile": Case(
        (f"{SALES}: no profile. Set mailbox_delegation_profile for it or its group, the option profile for all",),
        {"profile": None},
    ),
    "wrong state": Case(
        (f"{SALES}: mailbox_delegation_state 'gone' is neither present nor absent",),
        hosts={SALES: {"mailbox_delegation_state": "gone"}},
    ),
    "another organisation": Case(
        (
            "berlin@fabrikam.com: it belongs to fabrikam.onmicrosoft.com, while the task signs in to "
            "contoso.onmicrosoft.com: use a play for each",
        ),
        hosts={SALES: {}, "berlin@fabrikam.com": {"mailbox_delegation_organization": "fabrikam.onmicrosoft.com"}},
    ),
    "custom domain": Case(
        ("organization must be the organisation's first name *.onmicrosoft.com", "not 'contoso.com'"),
        {"organization": "contoso.com"},
    ),
    "id for a name": Case(
        ("organization must be the organisation's first name *.onmicrosoft.com", "11111111"),
        {"organization": "11111111-2222-3333-4444-555555555555"},
    ),
    "no organisation": Case(("organization must be the organisation's first name",), {"organization": None}),
    "another cloud": Case(
        ("*.partner.onmschina.cn (exchange_environment O365China)", "not 'contoso.onmicrosoft.com'"),
        {"exchange_environment": "O365China"},
    ),
    "no way to sign in": Case(
        (
            "no way to sign in was given: set exactly one of certificate_thumbprint, certificate_file, "
            "managed_identity, access_token",
        ),
        {"certificate_thumbprint": None},
    ),
    "two ways to sign in": Case(
        ("2 ways to sign in were given (certificate_thumbprint, managed_identity): leave exactly one of",),
        {"managed_identity": True},
    ),
    "no application": Case(("app_id is needed with certificate_thumbprint",), {"app_id": None}),
    "thumbprint with blanks": Case(
        ("certificate_thumbprint must be 40 hexadecimal digits, without blanks",),
        {"certificate_thumbprint": "01 23 45 67 89 AB CD EF 01 23 45 67 89 AB CD EF 01 23 45 67"},
    ),
    "no certificate file": Case(
        ("certificate_file", "nowhere.pfx", "No such file"),
        {"certificate_thumbprint": None, "certificate_file": "nowhere.pfx"},
    ),
    "no account": Case(("profile router: account is missing",), _of_profile(access_type="send_as")),
    "empty account": Case(
        ("profile router: account '': the account is empty",), _of_profile(account="", access_type="send_as")
    ),
    "display name for an account": Case(
        ("profile router: account 'CRM Email Router': an account is named by its user principal name",),
        _of_profile(account="CRM Email Router", access_type="send_as"),
    ),
    "account with an asterisk": Case(
        ("profile router: account '*@contoso.com'",), _of_profile(account="*@contoso.com", access_type="send_as")
    ),
    "no access": Case(
        ("profile router: exactly one of access_type and rights is needed",), _of_profile(account=ROUTER)
    ),
    "access said twice": Case(
        ("profile router: exactly one of access_type and rights is needed",),
        _of_profile(account=ROUTER, access_type="send_as", rights=["full_access"]),
    ),
    "unknown access type": Case(
        ("profile router: access_type 'owner' is none of send_as, delegate_access",),
        _of_profile(account=ROUTER, access_type="owner"),
    ),
    "unknown right": Case(
        ("profile router: right 'sendas' is none of send_as, full_access, send_on_behalf",),
        _of_profile(account=ROUTER, rights=["sendas"]),
    ),
    "misspelt key of a profile": Case(
        ("profile router: unknown key 'acount' (known: account, access_type, rights, groups)",),
        _of_profile(acount=ROUTER, access_type="send_as"),
    ),
    "profile that is none": Case(
        ("profile router: must be a dictionary with account",), {"profiles": {"router": "crmrouter@contoso.com"}}
    ),
    "no profiles": Case(("profiles is empty: define at least one",), {"profiles": {}}),
    "profiles left out": Case(("missing required arguments: profiles",), {"profiles": None}),
    "misspelt option": Case(("Unsupported parameters", "organisation"), {"organisation": "contoso.onmicrosoft.com"}),
    "wrong state of the task": Case(("value of state must be one of: present, absent",), {"state": "gone"}),
    "no mailbox": Case(
        ("there is no mailbox to work on: check hosts, --limit and mailboxes, or set allow_empty",), {"mailboxes": []}
    ),
    "mailbox without a name": Case(
        ("missing required arguments: mailbox found in mailboxes",), {"mailboxes": [{"profile": ["router"]}]}
    ),
    "all that is wrong at once": Case(
        ("organization must be", "app_id is needed"), {"organization": "contoso.com", "app_id": None}
    ),
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("tasks"), contoso({"address": SALES})) as stage:
        yield stage


def assert_refused(stage: Stage, run: Run, *says: str) -> None:
    assert run.status == 2, run.output
    for phrase in says:
        assert phrase in run.message
        assert phrase in run.text, "the message shows"
    assert not run.changed
    assert (stage.tenant.sign_ins, stage.writes) == (0, [])
    assert not stage.simulator.requests, "nothing went over the wire"


@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_meant_is_named_with_its_remedy(stage: Stage, name: str) -> None:
    case = CASES[name]
    assert_refused(stage, stage.ensure(case.hosts, **case.options), *case.says)


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("first", [True, False], ids=["of the first host", "of another host"])
def test_a_host_whose_variables_cannot_be_read_is_named(stage: Stage, core: str, first: bool) -> None:
    broken: dict[str, Any] = {
        "berlin@contoso.com": {"mailbox_delegation_mailbox": "{{ nowhere }}"},
        "paris@contoso.com": {"mailbox_delegation_profile": ["router", "{{ nowhere }}"]},
    }
    hosts = {**broken, SALES: {}} if first else {SALES: {}, **broken}
    run = stage.on(core).ensure(hosts)
    says = [f"{host}: its variables cannot be read: " for host in broken]
    assert_refused(stage, run, *says, "nowhere", "undefined")


HIDDEN = "mailbox_delegation_state is set in a play, role or task, where it says nothing of single mailboxes"
ABSENT: dict[str, Any] = {"mailbox_delegation_state": "absent"}


@pytest.mark.parametrize("state", ["absent", "{{ nowhere }}"], ids=["defined", "undefined"])
@pytest.mark.parametrize("place", ["play", "file", "block", "task", "role"])
def test_host_variables_set_where_they_cannot_be_seen_are_an_error(stage: Stage, place: str, state: str) -> None:
    variables = {"mailbox_delegation_state": state}
    task = stage.task()
    playbook = {
        "play": lambda: stage.playbook(task, vars=variables),
        "file": lambda: stage.playbook(task, vars_files=[str(stage.write("variables.yml", variables))]),
        "block": lambda: stage.playbook({"block": [task], "vars": variables}),
        "task": lambda: stage.playbook({**task, "vars": variables}),
        "role": lambda: stage.playbook(roles=[_role(stage, task, variables)]),
    }[place]
    run = stage.play("-i", stage.inventory(ONE), playbook())
    assert_refused(stage, run, HIDDEN, "set it in the inventory, or use the task's options profile and state")


def _role(stage: Stage, task: Mapping[str, Any], variables: Mapping[str, Any]) -> str:
    stage.write("role/vars/main.yml", variables)
    return str(stage.write("role/tasks/main.yml", [task]).parents[1])
