# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes from outside stays text: through every option and host variable, to a real PowerShell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.arguments import (
    EXCHANGE_ARGUMENTS,
    POWERSHELL_ARGUMENTS,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.misplaced import HOST_VARIABLES
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.secrecy import texts_in
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.identities import is_guid, is_sid
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant import opath
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.opath import Any as AnyOf
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.opath import Comparison

from .conftest import SetStage
from .hostile import ACTIONS, Payloads, filled, names_of, places
from .stage import EVERYTHING, ROUTER, Stage, Transport, contoso

SALES = "sales@contoso.com"
FRAGMENTS = {**EXCHANGE_ARGUMENTS, **POWERSHELL_ARGUMENTS}
#: What a module needs besides the option that is tried.
NEEDS: Mapping[str, Mapping[str, Any]] = {
    "mailbox_delegation": {
        "profiles": {"router": EVERYTHING},
        "profile": "router",
        "mailboxes": [{"mailbox": SALES}],
        "on_failure": "report",
    },
    "mailbox_permission": {
        "mailboxes": [SALES],
        "trustees": [ROUTER],
        "rights": ["send_as"],
        "on_failure": "report",
    },
    "mailbox_permission_info": {"mailboxes": [SALES], "on_failure": "report"},
    "exchange_connection_info": {"endpoints": ["127.0.0.1:9"]},
    "mailbox_permission_restore": {"journal": "/no/such/journal"},
    "exchange_snapshot": {
        "profiles": {"router": {"account": ROUTER, "access_type": "send_as"}},
        "profile": "router",
        "mailboxes": [{"mailbox": SALES}],
        "on_failure": "report",
    },
}
#: Lists of addresses, in which each text is judged by itself.
ADDRESSES = ("mailboxes", "trustees", "accounts", "retired_accounts")
#: Options that a sign-in consists of: whatever is in them goes to PowerShell.
SENT = ("app_id", "certificate_password", "managed_identity_account_id", "access_token")
#: It has a way of its own there.
PREFLIGHT = ("exchange_connection_info", "certificate_password")
#: Options with which something is chosen on the controller: what is chosen so goes no further.
CHOOSING = ("profiles", "profile", "mailboxes", "surplus_group", "journal")


class Observed:
    """Every text that reached the organisation, as what it signs in with or as a parameter of a cmdlet."""

    def __init__(self, stage: Stage) -> None:
        self.texts: set[str] = set()
        self._connect = stage.tenant.connect
        stage.tenant.connect = self._observe  # type: ignore[method-assign]

    def _observe(self, sign_in: Mapping[str, object]) -> Any:
        self.texts |= set(texts_in(dict(sign_in)))
        return self._connect(sign_in)


def sign_in_for(stage: Stage, option: str) -> dict[str, Any]:
    """The options of a sign-in in which this one counts."""
    file = stage.simulator.applications[0].file
    own: dict[str, Any] = {"certificate_thumbprint": None}
    ways: dict[str, dict[str, Any]] = {
        "certificate_file": own,
        "certificate_password": {**own, "certificate_file": str(file.path)},
        "managed_identity_account_id": {**own, "managed_identity": True},
        "access_token": {**own, "app_id": None},
    }
    return {**stage.sign_in, **ways.get(option, {})}


@dataclass(frozen=True)
class Trial:
    """An option of a module, what is in it, the text there (of lists: none), and what a message may call it."""

    module: str
    option: str
    value: Any
    text: str
    names: set[str]


def perform(stage: Stage, trial: Trial, **variables: Any) -> Mapping[str, Any]:
    """The result of the action, as ansible would get it."""
    action_class = ACTIONS[trial.module]
    needs = {**sign_in_for(stage, trial.option), **NEEDS.get(trial.module, {})}
    options = {name: each for name, each in {**needs, trial.option: trial.value}.items() if each is not None}
    if "dest" in action_class.ARGUMENTS:
        options.setdefault("dest", str(stage.directory / "taken"))
    task = SimpleNamespace(
        args=options, environment=[], check_mode=True, async_val=0, diff=False, action=trial.module, delegate_to=None
    )
    connection = SimpleNamespace(transport="local", _shell=SimpleNamespace(tmpdir=None))
    templar = SimpleNamespace(template=lambda value: value)
    action = action_class(task, connection, None, None, templar, None)
    hostvars: dict[str, Any] = {"localhost": {"group_names": []}, **variables}
    hosts = list(variables) or ["localhost"]
    result: Mapping[str, Any] = action.run(
        None,
        {
            "ansible_play_batch": hosts,
            "ansible_play_hosts": hosts,
            "groups": {},
            "hostvars": hostvars,
            "inventory_hostname": hosts[0],
        },
    )
    return result


def trials(module: str, payloads: Payloads) -> Iterator[Trial]:
    """Of options that modules share, every text with one of them."""
    for option, value in places(ACTIONS[module].ARGUMENTS):
        if option in FRAGMENTS and module != "mailbox_permission_info" and (module, option) != PREFLIGHT:
            continue
        if option in ADDRESSES and value == ["{}"]:
            for addresses in (payloads.plain_addresses, payloads.strange_addresses):
                yield Trial(module, option, addresses, "", {option})
            continue
        for text in payloads.texts if option in FRAGMENTS and option not in SENT else payloads.texts[1:]:
            yield Trial(module, option, filled(value, text), text, names_of(option, value))


@pytest.fixture
def stage(set_stage: SetStage, powershell: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    stage = set_stage(contoso({"address": SALES}), transport=Transport.LOCAL)
    for name, value in stage.node.environment.items():
        monkeypatch.setenv(name, value)
    yield stage
    assert stage.left_behind() == []


@pytest.fixture
def payloads(tmp_path: Path) -> Payloads:
    return Payloads(tmp_path / "canary")


def assert_nothing_ran(stage: Stage, payloads: Payloads) -> None:
    """Neither the canary nor a cmdlet that is no read; and a filter holds each of its values as one text."""
    assert not payloads.canary.exists()
    assert stage.writes == []
    texts = {each.lower() for each in (*payloads.plain_addresses, SALES, ROUTER, "preflight@nobody.invalid")}
    texts |= {f"smtp:{each}" for each in texts}
    names = {each.distinguished_name for each in stage.tenant.organisation.recipients}
    for call in stage.tenant.calls:
        assert call.cmdlet.startswith("Get-"), call
        for value in values_of(opath.parse(str(call.parameters.get("Filter", "Guid -eq ''")))):
            assert value in texts or value in names or not value or is_guid(value) or is_sid(value), value


def values_of(condition: opath.Condition) -> Iterator[str]:
    """All values of a filter, which is one comparison for equality, or some with -or between them."""
    assert isinstance(condition, (Comparison, AnyOf))
    for each in condition.operands if isinstance(condition, AnyOf) else (condition,):
        assert isinstance(each, Comparison)
        assert each.operator == "eq"
        yield str(each.value)


def told(result: Mapping[str, Any]) -> str:
    """What the user can read."""
    points = [point["remedy"] for point in result.get("points", ()) if point["status"] == "fail"]
    return "\n".join(str(each) for each in (result.get("msg"), *result.get("errors", ()), *points))


def is_accounted_for(trial: Trial, result: Mapping[str, Any], seen: set[str]) -> bool:
    """Refused in words that name the place, or arrived as it is; of a list, each address by itself."""
    said = told(result)
    if trial.text:
        chosen = trial.option in CHOOSING and not result.get("failed")
        return any(name in said for name in trial.names) or trial.text in seen or chosen
    rows = {row["mailbox"] for row in result.get("grants", ()) if row["outcome"] == "unsupported"}
    rows |= {row["mailbox"] for row in result.get("unresolved", ())}
    return all(
        f"smtp:{address.lower()}" in seen
        or address in rows
        or (trial.option.rstrip("s") in said and repr(address) in said)
        for address in trial.value
    )


def arrived(stage: Stage, observed: Observed) -> set[str]:
    """Every text that the organisation was sent, and every value of a filter."""
    seen = observed.texts | {text for call in stage.tenant.calls for text in texts_in(dict(call.parameters))}
    filters = [str(call.parameters["Filter"]) for call in stage.tenant.calls if "Filter" in call.parameters]
    return seen | {value for text in filters for value in values_of(opath.parse(text))}


@pytest.mark.parametrize("module", ACTIONS)
def test_every_option_takes_text_as_text(stage: Stage, payloads: Payloads, module: str) -> None:
    """Also an option that is new: the argument specs tell."""
    observed = Observed(stage)
    lost = []
    for trial in trials(module, payloads):
        result = perform(stage, trial)
        assert result.get("failure_class") != "internal", result
        if not is_accounted_for(trial, result, arrived(stage, observed)):
            lost.append((trial.option, trial.value, told(result)))
    assert_nothing_ran(stage, payloads)
    assert lost == []


def test_every_host_variable_takes_text_as_text(stage: Stage, payloads: Payloads) -> None:
    """One run with a host for each text."""
    addresses = {f"h{number}": address for number, address in enumerate(payloads.addresses)}
    hosts = {name: {"mailbox_delegation_mailbox": address, "group_names": []} for name, address in addresses.items()}
    trial = Trial("mailbox_delegation", "mailboxes", None, "", set())
    result = perform(stage, trial, **hosts)
    outcomes = {row["mailbox"]: row["outcome"] for row in result["grants"]}
    strange = set(payloads.strange_addresses)
    seen = arrived(stage, Observed(stage))
    for name, address in addresses.items():
        assert (f"smtp:{address.lower()}" in seen) == (address not in strange), address
        assert outcomes[name] == ("unsupported" if address in strange else "not_found"), address
    for variable in set(HOST_VARIABLES) - {"mailbox_delegation_mailbox", "mailbox_delegation_reason"}:
        odd = {f"h{number}": {variable: text, "group_names": []} for number, text in enumerate(payloads.texts)}
        refused = perform(stage, trial, **odd)
        assert refused["failure_class"] == "input"
        assert all(f"{name}: " in told(refused) for name in odd), told(refused)
    assert_nothing_ran(stage, payloads)


def test_a_reason_takes_any_text_and_tells_it_as_it_is(stage: Stage, payloads: Payloads) -> None:
    hosts: dict[str, dict[str, Any]] = {
        f"h{number}": {
            "mailbox_delegation_mailbox": SALES, "mailbox_delegation_reason": f"x{text}x", "group_names": []
        }
        for number, text in enumerate(payloads.texts)
    }  # fmt: skip
    observed = Observed(stage)
    for name, variables in hosts.items():
        result = perform(stage, Trial("mailbox_delegation", "mailboxes", None, "", set()), **{name: variables})
        assert {row["reason"] for row in result["grants"]} == {variables["mailbox_delegation_reason"]}
        assert not any(variables["mailbox_delegation_reason"] in text for text in arrived(stage, observed))
    assert_nothing_ran(stage, payloads)
