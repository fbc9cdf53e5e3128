# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole error records by row of exchange facts 5.2, as a proxy, a Get-EXO*, the engine, the way there report them."""

from __future__ import annotations

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import CmdletError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant import errors

_TASKS = "Microsoft.Exchange.Configuration.Tasks."
NOT_FOUND = f"{_TASKS}ManagementObjectNotFoundException"
AMBIGUOUS = f"{_TASKS}ManagementObjectAmbiguousException"
DIRECTORY = "Microsoft.Exchange.Data.Directory."
LOCALIZED = "Microsoft.Exchange.Data.Common.LocalizedException"
WEB = "System.Net.WebException"
OPERATION = "System.InvalidOperationException"
BINDING = "System.Management.Automation.ParameterBindingException"
COMMAND = "System.Management.Automation.CommandNotFoundException"
HTTP = "System.Net.Http.HttpRequestException"


def proxy(code: str, kind: str, text: str) -> CmdletError:
    return errors.proxy(code, kind, text).error


def native(status: int, code: str, text: str) -> CmdletError:
    """Of a Get-EXO*, whose text holds JSON."""
    return errors.rest(status, code, text, "Get-EXORecipient").error


def way(kind: str, text: str, category: str = "NotSpecified", fqid: str = "WebError") -> CmdletError:
    """Raised on this side of the service."""
    return errors.engine(kind, text, category, fqid).error


RECORDS: dict[str, tuple[CmdletError, ...]] = {
    "E6": (
        errors.not_found("gone@contoso.com", "Get-Mailbox").error,
        errors.not_found("gone@contoso.com", "Get-EXOMailbox").error,
        CmdletError(
            "The operation couldn't be performed because object 'x' couldn't be found on 'DC01'.", NOT_FOUND, "Ex6F9304"
        ),
    ),
    "E7": (
        errors.trustee_not_found("nobody@contoso.com").error,
        proxy("Ex94914C", NOT_FOUND, 'Das Objekt "nobody@contoso.com" wurde nicht gefunden.'),
    ),
    "E8": (
        errors.ambiguous("Hall", "Get-Mailbox").error,
        errors.ambiguous("Hall", "Get-EXOMailbox").error,
        errors.trustee_ambiguous("Hall").error,
        proxy("Ex9E65A2", AMBIGUOUS, "Der Vorgang konnte nicht ausgeführt werden, da 'Hall' mehrfach vorkommt."),
    ),
    "E9": (errors.trustee_was_not_found("nobody@contoso.com").error,),
    "E10": (
        native(400, "BadRequest", "No permissions were found for the user:router@contoso.com"),
        native(404, "NotFound", "No recipient permission entry was found for trustee router@contoso.com"),
    ),
    "E11": (errors.list_full("sales").error,),
    "E12": (
        errors.replication("11111111-2222-3333-4444-555555555555").error,
        native(404, "NotFound", f"Ex4215D1|{DIRECTORY}ADObjectUnreadException|'sales' couldn't be read from domain"
               " controller 'DC01'. This may be due to replication delays."),
    ),
    "E13": (
        proxy("Ex429000", "Microsoft.Exchange.Data.ThrottlingErrorException", "Zu viele Anforderungen."),
        native(429, "TooManyRequests", "Please slow down."),
        CmdletError("The operation was throttled.", "System.Exception", "", "LimitsExceeded"),
        way(HTTP, "Response status code does not indicate success: 429 (Too Many Requests)."),
        way(WEB, "Der Remoteserver hat einen Fehler zurückgegeben: (429) Too Many Requests."),
    ),
    "E14": (
        proxy("", f"{DIRECTORY}ServerBusyException", "Der Server ist ausgelastet."),
        native(503, "ServerBusy", "The server cannot process the request now."),
        native(503, "ServiceUnavailable", "Server Busy"),
        proxy("", LOCALIZED, "Server Busy. Try again later."),
    ),
    "E15": (
        way(
            "System.Management.Automation.Remoting.PSRemotingTransportException",
            "Fail to create a runspace because you have exceeded the maximum number of connections allowed : 3 for the"
            " policy party : MaxConcurrency. Please close existing runspace and try again.",
            "OpenError",
            "-2144108477,PSSessionOpenFailed",
        ),
    ),
    "E16": (
        proxy("", f"{DIRECTORY}DCOverloadedException", "Der Domänencontroller ist überlastet."),
        proxy("", f"{DIRECTORY}ADTransientException", "The LDAP server is unavailable."),
        proxy("", f"{DIRECTORY}SuitabilityDirectoryException", "Keiner ist geeignet."),
        proxy("", "Microsoft.Exchange.Data.Storage.StorageTransientException", "MapiExceptionRpcServerTooBusy"),
        native(503, "ADTransientException", "The LDAP server is unavailable."),
    ),
    "E17": (
        proxy("", "System.Exception", "Resource temporarily unavailable."),
        native(503, "Error", "Resource temporarily unavailable"),
    ),
    "E18": (
        *(native(status, "Error", "An error occurred.") for status in (500, 502, 503, 504)),
        proxy("", WEB, "The remote server returned an error: (502) Bad Gateway."),
        proxy("", WEB, "The remote server returned an error: (503) Server Unavailable."),
        errors.gateway_timeout().error,
        proxy("", WEB, "Der Remoteserver hat einen Fehler zurückgegeben: (503) Server nicht verfügbar."),
        way(WEB, "Le serveur distant a retourné une erreur : (500) Erreur interne du serveur."),
        way(HTTP, "Response status code does not indicate success: 503 (Service Unavailable)."),
        way(HTTP, "Response status code does not indicate success: 500 (Internal Server Error)."),
    ),
    "E19": (
        proxy("", OPERATION, "A server side error has occurred because of which the operation could not be completed."
              " Please try again after some time. If the problem still persists, please reach out to MS support."),
        native(403, "Forbidden", "A server side error has occurred because of which the operation could not be"
               " completed. Please try again after some time."),
    ),
    "E20": (
        errors.pagination_expired("Get-Mailbox").error,
        errors.pagination_expired("Get-EXOMailbox").error,
    ),
    "E21": (
        way("System.Threading.Tasks.TaskCanceledException", "A task was canceled."),
        way("System.Threading.Tasks.TaskCanceledException",
            "The request was canceled due to the configured HttpClient.Timeout of 960 seconds elapsing."),
        way(WEB, "The operation has timed out."),
        way(WEB, "The underlying connection was closed: An unexpected error occurred on a receive."),
        way(WEB, "The remote name could not be resolved: 'outlook.office365.com'"),
        way(HTTP, "No such host is known. (outlook.office365.com:443)"),
        way(HTTP, "No connection could be made because the target machine actively refused it."),
        way("System.IO.IOException", "Unable to read data from the transport connection: An existing connection was"
            " forcibly closed by the remote host."),
        way(HTTP, "An error occurred while sending the request."),
        way("System.Net.Http.HttpIOException", "The response ended prematurely. (ResponseEnded)"),
        way(HTTP, "Name or service not known (outlook.office365.com:443)"),
        way(HTTP, "Connection refused (outlook.office365.com:443)"),
        way("System.IO.IOException", "Unable to read data from the transport connection: Connection reset by peer."),
        way(HTTP, "Network is unreachable (outlook.office365.com:443)"),
    ),
    "E22": (errors.session_lost().error, native(401, "Unauthorized", errors.session_lost().error.text)),
    "E23": (
        native(401, "Unauthorized", "The token has no audience."),
        proxy("", WEB, "The remote server returned an error: (401) Unauthorized."),
        proxy("", WEB, "Der Remoteserver hat einen Fehler zurückgegeben: (401) Nicht autorisiert."),
        way(HTTP, "Response status code does not indicate success: 401 (Unauthorized)."),
        proxy("", OPERATION, "AccessToken expired. Please connect again."),
        proxy("", "Microsoft.IdentityModel.Tokens.SecurityTokenExpiredException",
              "IDX10223: Lifetime validation failed. The token is expired."),
        way("System.Management.Automation.RuntimeException",
            "Method invocation failed because [System.Net.Http.HttpResponseMessage] does not contain a method named"
            " 'GetResponseHeader'.", "InvalidOperation", "MethodNotFound"),
    ),
    "E24": (errors.not_allowed("Get-EXOMailbox").error,),
    "E26": (proxy("", "System.UnauthorizedAccessException",
                  "The role assigned to application 0000 isn't supported in this scenario. Please check online"
                  " documentation for assigning correct Directory Roles to Azure AD Application for EXO App-Only"
                  " Authentication."),),
    "E27": (proxy("", "System.Exception", "No cmdlet assigned to the user have this feature enabled."),),
    "E28": (
        errors.no_such_cmdlet("Set-Mailbox").error,
        way(COMMAND, "Die Benennung 'Set-Mailbox' wurde nicht als Name eines Cmdlet erkannt.", "ObjectNotFound",
            "CommandNotFoundException"),
    ),
    "E29": (errors.no_such_parameter("Set-Mailbox", "GrantSendOnBehalfTo").error,),
    "E30": (
        errors.out_of_scope("sales").error,
        errors.mastered_on_premises("sales", "Set-Mailbox", "GrantSendOnBehalfTo").error,
        proxy("", f"{_TASKS}TaskInvalidOperationException",
              "The cmdlet's parameter 'User' is not present in the role definition for the current user."),
    ),
    "E31": (
        proxy("", f"{DIRECTORY}ADOperationException", "Active Directory operation failed. Access is denied."),
        proxy("", "Microsoft.Mapi.MapiExceptionAccessDenied", "Zugriff verweigert."),
        native(403, "AccessDenied", "Zugriff verweigert."),
    ),
    "E32": (
        errors.missing_parameters("Get-MailboxPermission", ["Identity"]).error,
        errors.empty_argument("Add-MailboxPermission", "User").error,
        errors.parameter_sets("Get-EXOMailbox").error,
        way(BINDING, "Das Argument kann nicht an den Parameter gebunden werden.", "InvalidArgument"),
        way("System.Management.Automation.AmbiguousParameterSetException", "Der Parametersatz ist nicht eindeutig."),
    ),
    "E33": (errors.non_interactive("Remove-MailboxPermission").error,),
}  # fmt: skip
WARNINGS: dict[str, tuple[str, ...]] = {
    "E1": (errors.already_present("CN=sales,OU=contoso", "CONTOSO\\router"),),
    "E2": (
        errors.not_present("CN=sales,OU=contoso", "CONTOSO\\router"),
        errors.send_as_not_present("CN=sales,OU=contoso", "CONTOSO\\router"),
    ),
    "E3": (errors.MORE_RESULTS,),
    "E4": (
        "Micro delay applied. Actual delayed: 21956 msecs, Enforced: True, Capped delay: 21956 msecs, Required: False,"
        " Additional info: .; PolicyDN: CN=GlobalThrottlingPolicy; BudgetType: PowerShell, PowerShellCmdletsLeft: 384",
    ),
    "E5": (errors.nothing_modified("sales"),),
}
