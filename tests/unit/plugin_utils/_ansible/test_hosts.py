# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the inventory, or the option mailboxes, to mailboxes with profiles and a state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import (
    InputError,
    MailboxItem,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Profile, State
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.hosts import (
    HostVariables,
    items_from_hosts,
    items_from_option,
    profiles_of,
    texts_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right

NOW = datetime(2026, 6, 15, 12, tzinfo=timezone.utc)
ORGANIZATION = "contoso.onmicrosoft.com"
ROUTER = "router@contoso.com"
PROFILES = {
    "default": Profile("default", ROUTER, (Right.SEND_AS,)),
    "reader": Profile("reader", ROUTER, (Right.FULL_ACCESS,)),
    "crm": Profile("crm", "crm@contoso.com", (Right.SEND_AS,), ("crm_a", "crm_b")),
}
OPTIONS: dict[str, Any] = {"profile": ["default"], "state": "present"}


def items(hostvars: Mapping[str, Mapping[str, Any]], **options: Any) -> tuple[MailboxItem, ...]:
    said = HostVariables(hostvars, PROFILES)
    return items_from_hosts(list(said), said, PROFILES, {**OPTIONS, **options}, ORGANIZATION, NOW)


def item(variables: Mapping[str, Any], **options: Any) -> MailboxItem:
    (only,) = items({"sales@contoso.com": variables}, **options)
    return only


def faults(hostvars: Mapping[str, Mapping[str, Any]], **options: Any) -> tuple[str, ...]:
    with pytest.raises(InputError) as raised:
        items(hostvars, **options)
    return raised.value.faults


def variables(**said: Any) -> dict[str, Any]:
    return {f"mailbox_delegation_{name}": value for name, value in said.items()}


def test_a_host_that_says_nothing_is_a_mailbox_with_the_defaults_of_the_task() -> None:
    assert item({}) == MailboxItem("sales@contoso.com", "sales@contoso.com", ("default",), State.PRESENT)
    assert item({}, profile=["a", "b"], state="absent") == MailboxItem(
        "sales@contoso.com", "sales@contoso.com", ("a", "b"), State.ABSENT
    )


def test_a_host_says_its_address_state_and_profiles_itself() -> None:
    said = variables(mailbox=" info@contoso.com ", state="absent", profile="reader")
    assert item(said) == MailboxItem("sales@contoso.com", "info@contoso.com", ("reader",), State.ABSENT)


def test_an_address_that_a_host_leaves_empty_is_empty_and_not_its_name() -> None:
    assert item(variables(mailbox="")).address == ""


@pytest.mark.parametrize(
    ("said", "profiles"),
    [
        ("reader", ("reader",)),
        (["reader", "default"], ("reader", "default")),
        (["reader", " reader ", ""], ("reader",)),
        (None, ("default",)),
        ([], ("default",)),
        ("", ("default",)),
    ],
)
def test_profiles_are_a_name_or_a_list_of_names(said: Any, profiles: tuple[str, ...]) -> None:
    assert item(variables(profile=said)).profiles == profiles


@pytest.mark.parametrize(
    ("groups", "said", "profiles"),
    [
        (["all", "crm_a"], None, ("crm",)),
        (["crm_a", "crm_b"], None, ("crm",)),
        (["crm_b"], ["reader"], ("reader", "crm")),
        (["crm_b"], ["crm"], ("crm",)),
        (["other"], None, ("default",)),
    ],
)
def test_profiles_of_groups_join_those_of_the_host_and_replace_those_of_the_task(
    groups: list[str], said: Any, profiles: tuple[str, ...]
) -> None:
    assert item({"group_names": groups, **variables(profile=said)}).profiles == profiles


@pytest.mark.parametrize("state", ["Present", "gone", "true"])
def test_a_state_that_is_none_is_named_with_its_host(state: str) -> None:
    assert faults({"info": variables(state=state)}) == (
        f"info: mailbox_delegation_state {state!r} is neither present nor absent",
    )


def test_a_host_of_another_organisation_is_named_and_every_other_fault_too() -> None:
    said = faults(
        {
            "a": variables(organization="fabrikam.onmicrosoft.com"),
            "b": {},
            "c": variables(state="gone"),
        }
    )
    assert said == (
        f"a: it belongs to fabrikam.onmicrosoft.com, while the task signs in to {ORGANIZATION}: use a play for each",
        "c: mailbox_delegation_state 'gone' is neither present nor absent",
    )


def test_the_organisation_is_compared_without_regard_to_case() -> None:
    assert item(variables(organization=ORGANIZATION.upper())).state is State.PRESENT


def inventory(tmp_path: Path, text: str) -> HostVars:
    """The variables of hosts, as ansible itself gives them."""
    path = tmp_path / "mailboxes.yml"
    path.write_text(text, encoding="utf-8")
    loader = DataLoader()
    manager = InventoryManager(loader, sources=[str(path)])
    return HostVars(manager, VariableManager(loader, manager), loader)


def test_variables_of_a_real_inventory_are_templated_and_groups_merged(tmp_path: Path) -> None:
    hostvars = inventory(
        tmp_path,
        """
crm_a:
  hosts:
    info: {mailbox_delegation_mailbox: "{{ inventory_hostname }}@{{ domain }}"}
    sales@contoso.com: {mailbox_delegation_profile: [reader]}
  vars: {domain: contoso.com}
""",
    )
    assert [(one.host, one.address, one.profiles) for one in items(hostvars)] == [
        ("info", "info@contoso.com", ("crm",)),
        ("sales@contoso.com", "sales@contoso.com", ("reader", "crm")),
    ]


@pytest.mark.parametrize("name", ["mailbox", "profile", "state", "organization", "until", "reason"])
def test_an_undefined_variable_is_named_with_its_host(tmp_path: Path, name: str) -> None:
    hostvars = inventory(
        tmp_path,
        f"""
all:
  hosts:
    good@contoso.com:
    bad@contoso.com: {{mailbox_delegation_{name}: "{{{{ nowhere }}}}"}}
""",
    )
    (fault,) = faults(hostvars)
    assert fault.startswith("bad@contoso.com: its variables cannot be read: ")
    assert "nowhere" in fault


def test_an_undefined_variable_that_is_left_as_a_template_is_named_too() -> None:
    """As ansible-core gives it before 2.19."""
    (fault,) = faults({"bad": variables(mailbox="{{ nowhere }}@contoso.com")})
    assert fault.startswith("bad: ")
    assert "mailbox_delegation_mailbox is '{{ nowhere }}@contoso.com'" in fault


def test_the_option_mailboxes_takes_from_the_task_what_it_leaves_out() -> None:
    listed: list[dict[str, Any]] = [
        {"mailbox": "sales@contoso.com", "profile": None, "state": None},
        {"mailbox": " info@contoso.com", "profile": ["reader"], "state": "absent"},
        {"mailbox": "x@contoso.com"},
    ]
    made = items_from_option(listed, ["default"], "present", NOW)
    assert [(one.address, one.profiles, one.state) for one in made] == [
        ("sales@contoso.com", ("default",), State.PRESENT),
        ("info@contoso.com", ("reader",), State.ABSENT),
        ("x@contoso.com", ("default",), State.PRESENT),
    ]
    assert items_from_option([], [], "present", NOW) == ()


def test_items_of_the_option_and_hosts_end_in_the_same_way() -> None:
    said = {"until": "2026-06-14", "reason": " migration "}
    (listed,) = items_from_option([{"mailbox": "sales@contoso.com", **said}], ["default"], "present", NOW)
    assert item(variables(**said)) == listed
    assert (listed.state, listed.term.until, listed.term.reason) == (State.ABSENT, "2026-06-14", "migration")
    assert "wanted until 2026-06-14 only, so it is wanted absent since then" in listed.term.note


def test_a_date_of_the_inventory_may_be_a_text_or_what_yaml_makes_of_it(tmp_path: Path) -> None:
    hostvars = inventory(
        tmp_path,
        """
all:
  hosts:
    text: {mailbox_delegation_until: "2026-06-14"}
    date: {mailbox_delegation_until: 2026-06-14}
    moment: {mailbox_delegation_until: 2026-06-15T14:30:00+02:00}
    template: {mailbox_delegation_until: "{{ year }}-12-31", year: 2026}
    nothing: {mailbox_delegation_until: }
""",
    )
    made = items(hostvars)
    assert [(one.term.until, one.state) for one in made] == [
        ("2026-06-14", State.ABSENT),
        ("2026-06-14", State.ABSENT),
        ("2026-06-15T14:30:00+02:00", State.PRESENT),
        ("2026-12-31", State.PRESENT),
        ("", State.PRESENT),
    ]
    assert {one.term.until.__class__ for one in made} == {str}


def test_a_value_that_is_no_date_is_named_with_its_host_and_every_other_fault_too() -> None:
    said = faults(
        {
            "a": variables(until="31.12.2026"),
            "b": variables(until="2026-12-31"),
            "c": variables(until=False),
            "d": variables(reason=["x"]),
        }
    )
    assert [one.partition(" (")[0] for one in said] == [
        "a: mailbox_delegation_until '31.12.2026' is no date",
        "c: mailbox_delegation_until 'False' is no date",
        "d: mailbox_delegation_reason must be a text, and is ['x']",
    ]


def test_an_item_whose_end_is_no_date_is_named() -> None:
    with pytest.raises(InputError) as raised:
        items_from_option([{"mailbox": "x@contoso.com", "until": "soon"}], ["default"], "present", NOW)
    (fault,) = raised.value.faults
    assert fault.startswith("mailboxes: x@contoso.com: until 'soon' is no date (YYYY-MM-DD, or ")


@pytest.mark.parametrize(
    ("value", "texts"),
    [(None, []), ("a", ["a"]), (["a", " b "], ["a", "b"]), (("a",), ["a"]), ("", []), ([" "], []), (7, ["7"])],
)
def test_one_name_is_a_list_of_one(value: Any, texts: list[str]) -> None:
    assert texts_of(value) == texts


@pytest.mark.parametrize(
    ("said", "rights"),
    [
        ({"access_type": "send_as"}, (Right.SEND_AS,)),
        ({"access_type": "delegate_access"}, (Right.FULL_ACCESS,)),
        ({"rights": ["send_on_behalf", "send_as"]}, (Right.SEND_ON_BEHALF, Right.SEND_AS)),
        ({"rights": "full_access"}, (Right.FULL_ACCESS,)),
        ({"rights": ["send_as", "send_as"]}, (Right.SEND_AS,)),
    ],
)
def test_rights_are_said_in_the_words_of_the_router_or_of_exchange(
    said: dict[str, Any], rights: tuple[Right, ...]
) -> None:
    assert profiles_of({"p": {"account": f" {ROUTER} ", **said}}) == {"p": Profile("p", ROUTER, rights)}


def test_a_profile_may_name_groups() -> None:
    made = profiles_of({"p": {"account": ROUTER, "access_type": "send_as", "groups": "crm_a"}})
    assert made["p"].groups == ("crm_a",)


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("send_as", "must be a dictionary"),
        ({"access_type": "send_as"}, "account is missing"),
        ({"account": None, "access_type": "send_as"}, "account is missing"),
        ({"account": ROUTER}, "exactly one of access_type and rights"),
        ({"account": ROUTER, "access_type": "send_as", "rights": ["send_as"]}, "exactly one of access_type and rights"),
        ({"account": ROUTER, "rights": []}, "exactly one of access_type and rights"),
        ({"account": ROUTER, "access_type": "full"}, "access_type 'full' is none of send_as, delegate_access"),
        ({"account": ROUTER, "rights": ["sendas"]}, "right 'sendas' is none of send_as, full_access, send_on_behalf"),
        ({"account": ROUTER, "access_type": "send_as", "right": "x"}, "unknown key 'right'"),
    ],
)
def test_a_profile_that_cannot_be_meant_is_named_with_what_is_wrong(said: Any, fault: str) -> None:
    with pytest.raises(InputError) as raised:
        profiles_of({"good": {"account": ROUTER, "access_type": "send_as"}, "bad": said})
    (only,) = raised.value.faults
    assert only.startswith("profile bad: ")
    assert fault in only


def test_profiles_that_hold_none_are_an_error() -> None:
    with pytest.raises(InputError, match="profiles is empty"):
        profiles_of({})
