# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options and host variables that cannot be meant end the task before it signs in, and the message says what to set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from .harness import CORES, NEWEST, Run
from .stage import ROUTER, Exhibit, Stage, contoso

SALES = "sales@contoso.com"


@dataclass(frozen=True)
class Case:
    """What the message says, options of the task on top of those of every run, and the hosts.

    No host is in two cases with different variables: they are all in one inventory.
    """

    says: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    hosts: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {SALES: {}})


def _of_profile(**profile: Any) -> dict[str, Any]:
    return {"profiles": {"router": profile}}


CASES = {
    "unknown profile": Case(
        ("hamburg@contoso.com: there is no profile 'nope' (profiles: router)",),
        hosts={SALES: {}, "hamburg@contoso.com": {"mailbox_delegation_profile": ["router", "nope"]}},
    ),
    "no profile": Case(
        (
            f"{SALES}: no profile. Set mailbox_delegation_profile for it or its group, the option profile "
            "(role: mailbox_delegation_default_profile) for all",
        ),
        {"profile": None},
    ),
    "wrong state": Case(
        ("bremen@contoso.com: mailbox_delegation_state 'gone' is neither present nor absent",),
        hosts={"bremen@contoso.com": {"mailbox_delegation_state": "gone"}},
    ),
    "another organisation": Case(
        (
            "berlin@fabrikam.com: it belongs to fabrikam.onmicrosoft.com, while the task signs in to "
            "contoso.onmicrosoft.com: use a play for each",
        ),
        hosts={SALES: {}, "berlin@fabrikam.com": {"mailbox_delegation_organization": "fabrikam.onmicrosoft.com"}},
    ),
    "undefined variable of the first host": Case(
        ("london@contoso.com: its variables cannot be read: ", "nowhere", "undefined"),
        hosts={"london@contoso.com": {"mailbox_delegation_mailbox": "{{ nowhere }}"}, SALES: {}},
    ),
    "undefined variables of other hosts": Case(
        ("paris@contoso.com: its variables cannot be read: ", "rome@contoso.com: its variables cannot be read: "),
        hosts={
            SALES: {},
            "paris@contoso.com": {"mailbox_delegation_profile": ["router", "{{ nowhere }}"]},
            "rome@contoso.com": {"mailbox_delegation_state": "{{ nowhere }}"},
        },
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
        ("no way to sign in was given: set exactly one of certificate_thumbprint, certificate_file, managed_identity",),
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
        ("profile router: unknown key 'acount' (known: account, access_type, rights, ",),
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

STATES = {"defined": "absent", "undefined": "{{ nowhere }}"}
PLACES = [f"{state} in {place}" for state in STATES for place in ("a play", "a file", "a block", "a task", "a role")]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("tasks"), contoso({"address": SALES})) as stage:
        yield stage


@pytest.fixture(scope="module", params=CORES)
def run(request: pytest.FixtureRequest, stage: Stage) -> Run:
    """All cases in one playbook, which goes on after each failure."""
    exhibits = {name: Exhibit(stage.task(**case.options), case.hosts) for name, case in CASES.items()}
    exhibits.update({name: _hidden(stage, name) for name in PLACES})
    return stage.on(request.param).exhibit(exhibits)


def _hidden(stage: Stage, name: str) -> Exhibit:
    """The task with a host variable set in a place where it says nothing of single mailboxes."""
    state, _in, place = name.partition(" in ")
    task, variables = stage.task(), {"mailbox_delegation_state": STATES[state]}
    if place == "a file":
        return Exhibit(task, play={"vars_files": [str(stage.write(f"{state}.yml", variables))]})
    if place == "a role":
        stage.write(f"{state}/vars/main.yml", variables)
        role = stage.write(f"{state}/tasks/main.yml", [{**task, "name": name, "ignore_errors": True}]).parents[1]
        return Exhibit({"ansible.builtin.import_role": {"name": str(role)}})
    if place == "a block":
        return Exhibit({"block": [{**task, "name": name}], "vars": variables})
    return Exhibit(task, play={"vars": variables}) if place == "a play" else Exhibit({**task, "vars": variables})


def assert_refused(stage: Stage, run: Run, name: str, *says: str) -> None:
    result = run.task(name)
    assert result.status == "failed"
    for phrase in says:
        assert phrase in result.result["msg"]
        assert phrase in run.text, "the message shows"
    assert not result.result.get("changed")
    assert (stage.tenant.sign_ins, stage.writes) == (0, [])
    assert not stage.simulator.requests, "nothing went over the wire"


@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_meant_is_named_with_its_remedy(stage: Stage, run: Run, name: str) -> None:
    assert_refused(stage, run, name, *CASES[name].says)


@pytest.mark.parametrize("name", PLACES)
def test_host_variables_set_where_they_cannot_be_seen_are_an_error(stage: Stage, run: Run, name: str) -> None:
    hidden = "mailbox_delegation_state is set in a play, role or task, where it says nothing of single mailboxes"
    assert_refused(stage, run, name, hidden, "set it in the inventory, or use the task's options profile and state")


def test_such_a_task_ends_the_play_with_status_2(stage: Stage) -> None:
    run = stage.on(NEWEST).ensure([SALES, "berlin@contoso.com"], profile=["nope"])
    assert run.status == 2
    assert run.message.count("there is no profile 'nope'") == 2, "all that is wrong is said at once"
    assert run.access["errors"] == [
        f"{SALES}: there is no profile 'nope' (profiles: router)",
        "berlin@contoso.com: there is no profile 'nope' (profiles: router)",
    ]
