# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stub of ExchangeOnlineManagement does in a real PowerShell: binding, proxies, prompts, records, sign-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant
from ansible_collections.email_router.exchange_online.tests.simulator.certificates import make_certificate, write_file
from ansible_collections.email_router.exchange_online.tests.simulator.faults import Fault, Trouble
from ansible_collections.email_router.exchange_online.tests.simulator.latency import Latency
from ansible_collections.email_router.exchange_online.tests.simulator.tenant_server import TenantServer

from .cmdlet_powershell import StubbedPowerShell

pytestmark = pytest.mark.powershell

CERTIFICATE, KEYLESS = make_certificate("router"), make_certificate("keyless")
READING_ROLE = {"Get-MailboxPermission": ["Identity", "ResultSize"], "Get-EXOMailbox": True}
ORGANISATION = {
    "apps": [
        {"app_id": "a1", "access_tokens": ["token"], "thumbprints": [CERTIFICATE.thumbprint], "managed_identity": True},
        {"app_id": "a2", "access_tokens": ["reader"], "role": READING_ROLE},
    ],
    "recipients": [
        {"kind": "UserMailbox", "address": "router@contoso.com"},
        {"kind": "SharedMailbox", "address": "sales@contoso.com", "full_access": ["router@contoso.com"]},
        {"kind": "SharedMailbox", "address": "info@contoso.com"},
    ],
}
GRANT = "-Identity sales@contoso.com -Trustee router@contoso.com -AccessRights SendAs"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stub")


@pytest.fixture
def tenant() -> Tenant:
    return Tenant(Organisation.from_dict(ORGANISATION))


@pytest.fixture
def shell(directory: Path, tenant: Tenant) -> Iterator[StubbedPowerShell]:
    with TenantServer(tenant) as server:
        yield StubbedPowerShell(directory, server)


@pytest.mark.parametrize("version", ["3.4.0", "3.9.2"])
def test_the_module_shows_the_version_that_was_asked_for(shell: StubbedPowerShell, version: str) -> None:
    ran = shell.run(
        f"""[string] (Get-Module -ListAvailable -Name ExchangeOnlineManagement).Version
        Import-Module ExchangeOnlineManagement -RequiredVersion {version}
        [string] (Get-Module ExchangeOnlineManagement).Version""",
        version,
    )
    assert ran.values == [version, version]


def test_an_older_module_lacks_the_parameters_that_came_later(shell: StubbedPowerShell) -> None:
    script = """Import-Module ExchangeOnlineManagement
    $parameters = (Get-Command Connect-ExchangeOnline).Parameters
    foreach ($name in 'AccessToken', 'EXOModuleBasePath', 'AppId') { $parameters.ContainsKey($name) }"""
    assert shell.run(script, "3.0.0").values == [False, False, True]
    assert shell.run(script, "3.9.2").values == [True, True, True]


def test_a_host_may_lack_the_module(shell: StubbedPowerShell) -> None:
    assert shell.run("@(Get-Module -ListAvailable -Name ExchangeOnlineManagement).Count", "none").values == [0]


def test_before_the_sign_in_there_are_only_the_cmdlets_of_the_module_itself(shell: StubbedPowerShell) -> None:
    proxy, native, names = shell.run(
        """Import-Module ExchangeOnlineManagement
        Get-Failure { Get-Mailbox sales@contoso.com }
        Get-Failure { Get-EXOMailbox sales@contoso.com }
        (Get-Command -Module ExchangeOnlineManagement).Name -join ' ' """
    ).values
    assert proxy["fqid"] == "CommandNotFoundException"
    assert "Connect-ExchangeOnline" in native["text"]
    assert names.split() == [
        "Connect-ExchangeOnline", "Disconnect-ExchangeOnline", "Get-ConnectionInformation", "Get-EXOMailbox",
        "Get-EXOMailboxPermission", "Get-EXORecipient", "Get-EXORecipientPermission",
    ]  # fmt: skip


def test_only_the_proxies_that_were_asked_for_come_into_being(shell: StubbedPowerShell) -> None:
    assert shell.run(
        """Connect-Simulated @{ CommandName = 'Get-User', 'Get-MailboxPermission' }
        (Get-Command -Module tmpEXO_*).Name"""
    ).values == ["Get-MailboxPermission", "Get-User"]


def test_a_role_gives_no_proxy_and_no_parameter_that_it_does_not_grant(shell: StubbedPowerShell) -> None:
    names, absent, parameter, refused = shell.run(
        """Connect-Simulated @{ AccessToken = 'reader' }
        (Get-Command -Module tmpEXO_*).Name -join ' '
        Get-Failure { Get-User router@contoso.com }
        Get-Failure { Get-MailboxPermission sales@contoso.com -User router@contoso.com }
        Get-Failure { Get-EXORecipient sales@contoso.com -ErrorAction Stop }"""
    ).values
    assert names == "Get-MailboxPermission"
    assert absent["fqid"] == "CommandNotFoundException"
    assert parameter["fqid"] == "NamedParameterNotFound,Get-MailboxPermission"
    assert "User is not allowed to call Get-EXORecipient" in refused["text"]


def test_the_engine_checks_what_is_bound(shell: StubbedPowerShell, tenant: Tenant) -> None:
    failures = shell.run(
        """Connect-Simulated
        Get-Failure { Add-RecipientPermission sales@contoso.com -AccessRights SendAs -Confirm:$false }
        Get-Failure { Add-MailboxPermission sales@contoso.com -User router@contoso.com -AccessRights Everything }
        Get-Failure { Remove-MailboxPermission sales@contoso.com -User router@contoso.com -ResetDefault }
        Get-Failure { Get-MailboxPermission }"""
    ).values
    assert [each["fqid"].split(",")[0] for each in failures] == [
        "MissingMandatoryParameter", "ParameterArgumentValidationError", "AmbiguousParameterSet",
        "MissingMandatoryParameter",
    ]  # fmt: skip
    assert not tenant.calls


def test_a_write_that_prompts_fails_without_confirm_and_reaches_nobody(
    shell: StubbedPowerShell, tenant: Tenant
) -> None:
    failures = shell.run(
        f"""Connect-Simulated
        Get-Failure {{ Add-RecipientPermission {GRANT} }}
        Get-Failure {{ Remove-RecipientPermission {GRANT} }}
        Get-Failure {{ Remove-MailboxPermission sales@contoso.com -User router@contoso.com -AccessRights FullAccess }}
        Get-Failure {{ Disconnect-ExchangeOnline }}"""
    ).values
    assert [("NonInteractive mode" in each["text"]) for each in failures] == [True] * 4
    assert not tenant.calls


def test_a_write_that_does_not_prompt_works_without_confirm(shell: StubbedPowerShell, tenant: Tenant) -> None:
    shell.run(
        """Connect-Simulated
        Add-MailboxPermission info@contoso.com -User router@contoso.com -AccessRights FullAccess
        Set-Mailbox info@contoso.com -GrantSendOnBehalfTo @{ Add = 'router@contoso.com' }"""
    )
    assert [each.cmdlet for each in tenant.calls] == ["Add-MailboxPermission", "Set-Mailbox"]


def test_what_if_reaches_nobody(shell: StubbedPowerShell, tenant: Tenant) -> None:
    assert "What if" in shell.run(f"Connect-Simulated; Add-RecipientPermission {GRANT} -WhatIf").printed
    assert not tenant.calls


def test_an_error_of_a_proxy_has_the_layout_of_module_3(shell: StubbedPowerShell) -> None:
    thrown, collected, status_after_error, status_after_success = shell.run(
        """Connect-Simulated
        Get-Failure { Get-Mailbox nobody@contoso.com -ErrorAction Stop }
        Get-Mailbox nobody@contoso.com -ErrorAction SilentlyContinue -ErrorVariable errors
        "$($errors.Count) $($errors[0].Exception.Message.Split('|')[0])"
        $global:EXO_LastExecutionStatus
        $null = Get-Mailbox sales@contoso.com
        $global:EXO_LastExecutionStatus"""
    ).values
    code, kind, text = thrown["text"].split("|")
    assert (code, kind) == ("Ex6F9304", "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException")
    assert "couldn't be found on" in text
    assert thrown["fqid"].startswith("[Server=")
    assert thrown["fqid"].endswith("],Write-ErrorMessage")
    assert (thrown["category"], thrown["reason"]) == ("NotSpecified", "ManagementObjectNotFoundException")
    assert collected == "1 Ex6F9304"
    assert (status_after_error, status_after_success) == (False, True)


def test_an_error_of_a_rest_cmdlet_has_a_type_of_its_own(shell: StubbedPowerShell) -> None:
    (failure,) = shell.run(
        "Connect-Simulated; Get-Failure { Get-EXOMailbox nobody@contoso.com -ErrorAction Stop }"
    ).values
    assert failure["type"] == "Microsoft.Exchange.Management.RestApiClient.RestClientException"
    assert failure["text"].startswith("Error while querying REST service. HttpStatusCode=404 ErrorMessage={")
    assert failure["category"] == "ProtocolError"
    assert failure["fqid"].endswith(",Microsoft.Exchange.Management.RestApiClient.GetExoMailbox")


def test_trouble_on_the_way_is_an_exception_of_its_type(directory: Path, tenant: Tenant) -> None:
    with TenantServer(tenant, faults=(Fault("Get-User", Trouble.TIMED_OUT),)) as server:
        (failure,) = (
            StubbedPowerShell(directory, server)
            .run("Connect-Simulated; Get-Failure { Get-User router@contoso.com -ErrorAction Stop }")
            .values
        )
    assert failure["type"] == "System.Threading.Tasks.TaskCanceledException"


def test_a_connection_that_breaks_off_is_an_error(directory: Path, tenant: Tenant) -> None:
    def hang_up(parameters: object) -> float:
        raise ConnectionAbortedError

    with TenantServer(tenant, latency=Latency({"Get-User": hang_up}, other=0)) as server:
        (failure,) = (
            StubbedPowerShell(directory, server)
            .run("Connect-Simulated; Get-Failure { Get-User router@contoso.com -ErrorAction Stop }")
            .values
        )
    assert failure["type"].startswith("System.")
    assert not tenant.calls


def test_warnings_can_be_collected_and_do_not_stop_a_write(shell: StubbedPowerShell) -> None:
    call = "Add-MailboxPermission sales@contoso.com -User router@contoso.com -AccessRights FullAccess"
    ran = shell.run(
        f"Connect-Simulated; $null = {call} -WarningAction SilentlyContinue -WarningVariable found; [string[]] $found"
    )
    assert len(ran.values) == 1
    assert "already present on the object" in ran.values[0]


def test_rows_of_a_proxy_are_deserialised_objects_with_typed_values(shell: StubbedPowerShell) -> None:
    name, rights, deny, types = shell.run(
        """Connect-Simulated
        $row = Get-MailboxPermission sales@contoso.com | Where-Object User -eq router@contoso.com
        $row.Identity
        , $row.AccessRights
        $row.Deny
        $row.PSObject.TypeNames[0]"""
    ).values
    assert (name, rights, deny) == ("sales", ["FullAccess"], False)
    assert types == "Deserialized.Microsoft.Exchange.Management.RecipientTasks.MailboxAcePresentationObject"


def test_identities_may_come_through_the_pipeline(shell: StubbedPowerShell) -> None:
    ran = shell.run(
        """Connect-Simulated
        'sales@contoso.com', 'info@contoso.com' | Get-Mailbox | ForEach-Object PrimarySmtpAddress
        Get-Mailbox sales@contoso.com | Get-Mailbox | ForEach-Object PrimarySmtpAddress"""
    )
    assert ran.values == ["sales@contoso.com", "info@contoso.com", "sales@contoso.com"]


def test_the_banner_is_printed_unless_it_is_switched_off(shell: StubbedPowerShell) -> None:
    sign_in = "Connect-ExchangeOnline -AccessToken token -Organization contoso.onmicrosoft.com"
    assert "simulated" in shell.run(f"Import-Module ExchangeOnlineManagement; {sign_in}").printed
    assert shell.run("Connect-Simulated").printed.strip() == ""


def test_a_connection_tells_of_itself_until_it_is_closed(shell: StubbedPowerShell) -> None:
    state, organization, left, proxies = shell.run(
        """Connect-Simulated @{ CommandName = 'Get-User' }
        $connection = Get-ConnectionInformation
        "$($connection.State) $($connection.TokenStatus) $($connection.TenantID) $($connection.TokenExpiryTimeUTC.Kind)"
        $connection.Organization
        Disconnect-ExchangeOnline -Confirm:$false
        @(Get-ConnectionInformation).Count
        @(Get-Command Get-User -ErrorAction SilentlyContinue).Count"""
    ).values
    assert state == "Connected Active 11111111-2222-3333-4444-555555555555 Utc"
    assert organization == "contoso.onmicrosoft.com"
    assert (left, proxies) == (0, 0)


def test_a_certificate_or_a_managed_identity_signs_in(tenant: Tenant, tmp_path: Path) -> None:
    file = write_file(CERTIFICATE, tmp_path / "router.pfx", "correct horse")
    with TenantServer(tenant) as server:
        ran = StubbedPowerShell(tmp_path, server, (CERTIFICATE,)).run(
            f"""Import-Module ExchangeOnlineManagement
            $common = @{{ AppId = 'a1'; Organization = 'contoso.onmicrosoft.com'; ShowBanner = $false }}
            $password = ConvertTo-SecureString '{file.password}' -AsPlainText -Force
            $type = [System.Security.Cryptography.X509Certificates.X509Certificate2]
            Connect-ExchangeOnline @common -CertificateFilePath '{file.path}' -CertificatePassword $password
            Connect-ExchangeOnline @common -Certificate ($type::new('{file.path}', $password))
            Connect-ExchangeOnline @common -CertificateThumbprint {CERTIFICATE.thumbprint}
            $common.Remove('AppId')
            Connect-ExchangeOnline @common -ManagedIdentity
            Get-ConnectionInformation | ForEach-Object CertificateAuthentication"""
        )
    assert ran.values == [True, True, True, False]


def test_a_sign_in_that_cannot_work_fails_and_says_why(shell: StubbedPowerShell, tmp_path: Path) -> None:
    public = tmp_path / "public.pfx"
    public.write_bytes(KEYLESS.pfx(with_key=False))
    unknown, keyless, absent, interactive = shell.run(
        f"""Import-Module ExchangeOnlineManagement
        $common = @{{ Organization = 'contoso.onmicrosoft.com'; ShowBanner = $false; ErrorAction = 'Stop' }}
        Get-Failure {{ Connect-ExchangeOnline @common -AccessToken other }}
        Get-Failure {{ Connect-ExchangeOnline @common -AppId a1 -CertificateFilePath '{public}' }}
        Get-Failure {{ Connect-ExchangeOnline @common -AppId a1 -CertificateThumbprint {KEYLESS.thumbprint} }}
        Get-Failure {{ Connect-ExchangeOnline @common }}"""
    ).values
    assert unknown["fqid"] == "Connect-ExchangeOnline"
    assert "private key" in keyless["text"]
    assert "not found in the certificate store" in absent["text"]
    assert "window handle" in interactive["text"]
