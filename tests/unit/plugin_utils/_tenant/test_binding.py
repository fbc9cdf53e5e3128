# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Binding parameters: what the role grants, forms, mandatory ones, confirmation (E24, E28, E29, E32, E33)."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import WRITERS, Parameter
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.cmdlets import CMDLETS

from .desk import ROUTER, SALES, a_desk

FULL: dict[str, Parameter] = {"Identity": SALES, "User": ROUTER, "AccessRights": "FullAccess"}
SEND: dict[str, Parameter] = {"Identity": SALES, "Trustee": ROUTER, "AccessRights": "SendAs"}
BINDING = "System.Management.Automation.ParameterBindingException"


@pytest.mark.parametrize("cmdlet", ["Remove-Mailbox", "Get-EXOMailboxPermission", "gibberish", ""])
def test_e28_a_cmdlet_that_there_is_not(cmdlet: str) -> None:
    error = a_desk().error(cmdlet)
    assert error.text.startswith(f"The term '{cmdlet}' is not recognized")
    assert (error.type, error.category) == ("System.Management.Automation.CommandNotFoundException", "ObjectNotFound")


@pytest.mark.parametrize("cmdlet", sorted(WRITERS))
def test_e28_a_role_that_reads_has_no_writing_cmdlets(cmdlet: str) -> None:
    desk = a_desk(apps=[{"role": "audit"}])
    assert "is not recognized" in desk.error(cmdlet, Identity=SALES).text
    assert desk.rows("Get-RecipientPermission")


def test_a_role_may_grant_single_cmdlets_and_parameters() -> None:
    role = {"Get-Mailbox": True, "Get-User": ["Identity"], "Get-Group": False}
    desk = a_desk(apps=[{"role": role}])
    assert set(desk.connection.cmdlets) == {"Get-Mailbox", "Get-User", "Get-ConnectionInformation"}
    assert desk.connection.cmdlets["Get-User"] == ["Identity"]
    assert desk.names("Get-User", Identity=SALES) == ["sales"]
    assert desk.error("Get-User", Filter="Name -eq 'sales'").text.endswith("matches parameter name 'Filter'.")
    assert "is not recognized" in desk.error("Get-Group").text


def test_e24_a_get_exo_is_there_without_a_role_and_is_refused() -> None:
    desk = a_desk(apps=[{"role": {"Get-Mailbox": True}}])
    error = desk.error("Get-EXOMailbox")
    assert "User is not allowed to call" in error.text
    assert "Unauthorized" in error.text


@pytest.mark.parametrize("cmdlet", sorted(CMDLETS))
def test_e29_a_parameter_that_there_is_not(cmdlet: str) -> None:
    error = a_desk().error(cmdlet, Mailbox=SALES)
    assert error.text == "A parameter cannot be found that matches parameter name 'Mailbox'."
    assert error.fqid == f"NamedParameterNotFound,{cmdlet}"


@pytest.mark.parametrize("parameter", ["DomainController", "Database", "Arbitration", "Instance"])
def test_e29_parameters_of_exchange_server_are_not_there(parameter: str) -> None:
    assert parameter in a_desk().error("Get-Mailbox", **{parameter: "x"}).text


def test_names_are_taken_in_any_case() -> None:
    assert a_desk().names("get-mailbox", identity=SALES, RESULTSIZE=5) == ["sales"]


@pytest.mark.parametrize(
    ("cmdlet", "parameters", "missing"),
    [
        ("Get-MailboxPermission", {}, "Identity"),
        ("Add-MailboxPermission", {"Identity": SALES}, "AccessRights User"),
        ("Add-RecipientPermission", {"Trustee": ROUTER}, "Identity AccessRights"),
        ("Remove-MailboxPermission", {"Identity": SALES, "User": ROUTER}, "AccessRights"),
        ("Remove-MailboxPermission", {"ResetDefault": True}, "Identity"),
        ("Set-Mailbox", {}, "Identity"),
    ],
)
def test_e32_mandatory_parameters(cmdlet: str, parameters: dict[str, Parameter], missing: str) -> None:
    error = a_desk().error(cmdlet, **parameters)
    assert error.text.endswith(f"missing mandatory parameters: {missing}.")
    assert error.type == BINDING


@pytest.mark.parametrize("parameter", ["Identity", "User", "AccessRights"])
@pytest.mark.parametrize("blank", ["", " "])
def test_e32_a_mandatory_parameter_is_not_blank(parameter: str, blank: str) -> None:
    error = a_desk().error("Add-MailboxPermission", **{**FULL, parameter: blank})
    assert error.text == f"Cannot bind argument to parameter '{parameter}' because it is an empty string."


@pytest.mark.parametrize(
    ("cmdlet", "parameters"),
    [
        ("Get-Mailbox", {"Identity": SALES, "Anr": "s"}),
        ("Get-EXOMailbox", {"Identity": SALES, "UserPrincipalName": SALES}),
        ("Remove-MailboxPermission", {**FULL, "ResetDefault": True}),
        ("Remove-MailboxPermission", {"Identity": SALES, "ResetDefault": True, "ClearAutoMapping": True}),
    ],
)
def test_e32_parameters_that_exclude_each_other(cmdlet: str, parameters: dict[str, Parameter]) -> None:
    assert a_desk().error(cmdlet, **parameters).fqid == f"AmbiguousParameterSet,{cmdlet}"


@pytest.mark.parametrize(
    ("cmdlet", "parameters", "parameter"),
    [
        ("Get-Mailbox", {"ResultSize": "all"}, "ResultSize"),
        ("Get-Mailbox", {"ResultSize": True}, "ResultSize"),
        ("Get-Mailbox", {"ResultSize": -1}, "ResultSize"),
        ("Get-Mailbox", {"Identity": [SALES]}, "Identity"),
        ("Get-Mailbox", {"SoftDeletedMailbox": "yes"}, "SoftDeletedMailbox"),
        ("Get-EXOMailbox", {"PropertySets": "Everything"}, "PropertySets"),
        ("Get-EXOMailbox", {"Properties": [1]}, "Properties"),
        ("Add-MailboxPermission", {**FULL, "AccessRights": ["FullAccess", "SendAs"]}, "AccessRights"),
        ("Add-MailboxPermission", {**FULL, "InheritanceType": "Descendants"}, "InheritanceType"),
        ("Add-RecipientPermission", {**SEND, "AccessRights": "FullAccess", "Confirm": False}, "AccessRights"),
        ("Set-Mailbox", {"Identity": SALES, "GrantSendOnBehalfTo": {"Insert": [ROUTER]}}, "GrantSendOnBehalfTo"),
        ("Set-Mailbox", {"Identity": SALES, "GrantSendOnBehalfTo": True}, "GrantSendOnBehalfTo"),
    ],
)
def test_e32_values_of_the_wrong_form(cmdlet: str, parameters: dict[str, Parameter], parameter: str) -> None:
    error = a_desk().error(cmdlet, **parameters)
    assert f"parameter '{parameter}'" in error.text
    assert error.type == BINDING


@pytest.mark.parametrize("spelling", ["fullaccess, readpermission", ["FULLACCESS", "ReadPermission"]])
def test_a_list_may_be_one_text_with_commas_in_any_case(spelling: Parameter) -> None:
    desk = a_desk()
    desk.rows("Add-MailboxPermission", **{**FULL, "AccessRights": spelling})
    rows = desk.rows("Get-MailboxPermission", Identity=SALES, User=ROUTER)
    assert [row["AccessRights"] for row in rows] == [["FullAccess", "ReadPermission"]]


PROMPTS = [
    ("Add-RecipientPermission", SEND), ("Remove-RecipientPermission", SEND), ("Remove-MailboxPermission", FULL),
]  # fmt: skip


@pytest.mark.parametrize(("cmdlet", "parameters"), PROMPTS)
def test_e33_what_prompts_fails_without_confirm_false(cmdlet: str, parameters: dict[str, Parameter]) -> None:
    assert "NonInteractive mode" in a_desk().error(cmdlet, **parameters).text
    assert a_desk().run(cmdlet, **parameters, Confirm=False).error is None
    assert a_desk().run(cmdlet, **parameters, WhatIf=True).error is None


@pytest.mark.parametrize(
    ("cmdlet", "parameters"), [("Add-MailboxPermission", FULL), ("Set-Mailbox", {"Identity": SALES})]
)
def test_e33_what_does_not_prompt_does_so_when_told(cmdlet: str, parameters: dict[str, Parameter]) -> None:
    assert a_desk().run(cmdlet, **parameters).error is None
    assert a_desk().run(cmdlet, **parameters, Confirm=False).error is None
    assert "NonInteractive mode" in a_desk().error(cmdlet, **parameters, Confirm=True).text
