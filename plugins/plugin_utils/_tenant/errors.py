# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error records and warnings of Exchange Online, in the layout of module v3 (exchange facts 5.1)."""

from __future__ import annotations

import json
from collections.abc import Callable

from .._exchange.session import CmdletError

SERVER = "AM0PR05MB0001"
CONTROLLER = "NAMPR05A001DC01.NAMPR05A001.PROD.OUTLOOK.COM"
_TASKS = "Microsoft.Exchange.Configuration.Tasks."
_NOT_FOUND = f"{_TASKS}ManagementObjectNotFoundException"
_BINDING = "System.Management.Automation.ParameterBindingException"
_FQID = f"[Server={SERVER},RequestId=5d6a2d5c-0f0b-4c0e-9a55-6f1c2f3a4b5d,TimeStamp=Mon, 05 Jan 2026 09:00:00 GMT]"


class TenantError(Exception):
    """What the tenant answers instead of rows; ``error`` is the record."""

    def __init__(self, error: CmdletError) -> None:
        super().__init__(error.text)
        self.error = error


def proxy(code: str, kind: str, text: str) -> TenantError:
    """An error that the service reports through a proxy cmdlet."""
    return TenantError(CmdletError(text, kind, code, "NotSpecified", f"{_FQID},Write-ErrorMessage"))


def rest(status: int, code: str, message: str, cmdlet: str) -> TenantError:
    """An error of a Get-EXO* (exchange facts 5.1)."""
    body = {"error": {"code": code, "message": message, "innererror": {"message": message}}}
    return TenantError(
        CmdletError(
            f"Error while querying REST service. HttpStatusCode={status} ErrorMessage={json.dumps(body)}",
            "Microsoft.Exchange.Management.RestApiClient.RestClientException",
            "",
            "ProtocolError",
            f"An error occurred while processing this request.,Microsoft.Exchange.Management.RestApiClient."
            f"{cmdlet.replace('-EXO', 'Exo')}",
        )
    )


def engine(kind: str, text: str, category: str, fqid: str) -> TenantError:
    """An error of PowerShell itself, before anything reaches the service."""
    return TenantError(CmdletError(text, kind, "", category, fqid))


def is_native(cmdlet: str) -> bool:
    """Whether it comes with the module: it is there without a role, and its errors have a layout of their own."""
    return "-EXO" in cmdlet


def not_found(identity: str, cmdlet: str) -> TenantError:
    """E6, W7."""
    text = f"The operation couldn't be performed because object '{identity}' couldn't be found on '{CONTROLLER}'."
    if is_native(cmdlet):
        return rest(404, "NotFound", f"Ex6F9304|{_NOT_FOUND}|{text}", cmdlet)
    return proxy("Ex6F9304", _NOT_FOUND, text)


def ambiguous(identity: str, cmdlet: str) -> TenantError:
    """E8, W9. The record seen in public has the type of a not-found (Microsoft365DSC issue 3741)."""
    text = f"The operation couldn't be performed because '{identity}' matches multiple entries."
    if is_native(cmdlet):
        return rest(400, "BadRequest", f"Ex9E65A2|{_NOT_FOUND}|{text}", cmdlet)
    return proxy("Ex9E65A2", _NOT_FOUND, text)


def trustee_not_found(trustee: str) -> TenantError:
    """E7, W8."""
    text = f'Couldn\'t find object "{trustee}". Please make sure that it was spelled correctly or specify a different'
    return proxy("Ex94914C", _NOT_FOUND, f"{text} object.")


def trustee_was_not_found(trustee: str) -> TenantError:
    """E9, W8: the other wording."""
    text = f"User or group \"{trustee}\" wasn't found. Please make sure you've typed it correctly."
    return proxy("", "Microsoft.Exchange.Data.Common.LocalizedException", text)


def trustee_ambiguous(trustee: str) -> TenantError:
    """E8, W9."""
    text = f'There are multiple users or groups matching the identity "{trustee}". Please specify a unique value.'
    return proxy("", f"{_TASKS}ManagementObjectAmbiguousException", text)


def list_full(name: str) -> TenantError:
    """E11, W12."""
    text = f"'{name}' has reached the limit of maximum allowed access control entries of 500."
    return proxy("", "System.InvalidOperationException", text)


def out_of_scope(name: str) -> TenantError:
    """E30: the write scope of the role is too small."""
    text = f"'{name}' isn't within your current write scope. Can't perform save operation."
    return proxy("", f"{_TASKS}TaskInvalidOperationException", text)


def mastered_on_premises(name: str, cmdlet: str, parameter: str) -> TenantError:
    """E30."""
    text = (
        f"The operation on \"{name}\" failed because it's out of the current user's write scope: '{name}' isn't within"
        f" your current write scope. The action '{cmdlet}', '{parameter}', can't be performed on the object because it"
        " is being synchronized from your on-premises organization."
    )
    return proxy("", "System.InvalidOperationException", text)


def replication(guid: str) -> TenantError:
    """E12."""
    text = f"The object '{guid}' couldn't be read from domain controller '{CONTROLLER}'. This may be due to replication"
    return proxy("Ex4215D1", "Microsoft.Exchange.Data.Directory.ADObjectNotFoundException", f"{text} delays.")


def gateway_timeout() -> TenantError:
    """E18: nobody knows whether it was done."""
    return proxy("", "System.Net.WebException", "The remote server returned an error: (504) Gateway Timeout.")


def pagination_expired(cmdlet: str) -> TenantError:
    """E20: a custom domain as -Organization, and more than one page."""
    text = "Expired or Invalid pagination request. Default Expiry time is 00:30:00"
    return rest(400, "BadRequest", text, cmdlet) if is_native(cmdlet) else proxy("", "", text)


def session_lost() -> TenantError:
    """E22."""
    text = "Required resource is not available to continue execution. Please re-establish the connection."
    return proxy("", "System.InvalidOperationException", text)


def no_such_cmdlet(cmdlet: str) -> TenantError:
    """E28: not in the role, so no proxy was made."""
    text = (
        f"The term '{cmdlet}' is not recognized as the name of a cmdlet, function, script file, or operable program."
        " Check the spelling of the name, or if a path was included, verify that the path is correct and try again."
    )
    kind = "System.Management.Automation.CommandNotFoundException"
    return engine(kind, text, "ObjectNotFound", "CommandNotFoundException")


def not_allowed(cmdlet: str) -> TenantError:
    """E24: a Get-EXO* is there without a role, and refused by the service."""
    return rest(401, "Unauthorized", f"User is not allowed to call {cmdlet}. Unauthorized.", cmdlet)


def no_such_parameter(cmdlet: str, parameter: str) -> TenantError:
    """E29."""
    text = f"A parameter cannot be found that matches parameter name '{parameter}'."
    return engine(_BINDING, text, "InvalidArgument", f"NamedParameterNotFound,{cmdlet}")


def missing_parameters(cmdlet: str, names: list[str]) -> TenantError:
    """E32."""
    text = f"Cannot process command because of one or more missing mandatory parameters: {' '.join(names)}."
    return engine(_BINDING, text, "InvalidArgument", f"MissingMandatoryParameter,{cmdlet}")


def empty_argument(cmdlet: str, parameter: str) -> TenantError:
    """E32."""
    text = f"Cannot bind argument to parameter '{parameter}' because it is an empty string."
    return engine(_BINDING, text, "InvalidData", f"ParameterArgumentValidationErrorEmptyStringNotAllowed,{cmdlet}")


def bad_argument(cmdlet: str, parameter: str, value: object, expected: str) -> TenantError:
    """E32."""
    text = f"Cannot process argument transformation on parameter '{parameter}'. \"{value}\" is no {expected}."
    return engine(_BINDING, text, "InvalidData", f"ParameterArgumentTransformationError,{cmdlet}")


def parameter_sets(cmdlet: str) -> TenantError:
    """E32."""
    text = "Parameter set cannot be resolved using the specified named parameters."
    return engine(_BINDING, text, "InvalidArgument", f"AmbiguousParameterSet,{cmdlet}")


def non_interactive(cmdlet: str) -> TenantError:
    """E33: it wanted to ask for confirmation."""
    text = "PowerShell is in NonInteractive mode. Read and Prompt functionality is not available."
    return engine("System.Management.Automation.PSInvalidOperationException", text, "InvalidOperation", cmdlet)


def bad_filter(cmdlet: str, reason: str) -> TenantError:
    """A filter that cannot be read."""
    if is_native(cmdlet):
        return rest(400, "BadRequest", reason, cmdlet)
    text = f'Cannot bind parameter \'Filter\' to the target. Exception setting "Filter": "{reason}"'
    return engine(_BINDING, text, "WriteError", f"ParameterBindingFailed,{cmdlet}")


def filter_too_long(cmdlet: str) -> TenantError:
    """A filter of a length that is refused; no limit is documented (exchange facts 3.3)."""
    if is_native(cmdlet):
        return rest(414, "RequestUriTooLong", "The request URI is too long.", cmdlet)
    return bad_filter(cmdlet, "The filter is too long.")


def unknown_property(cmdlet: str, name: str) -> TenantError:
    """A property that the type behind a Get-EXO* does not have."""
    return rest(400, "BadRequest", f"Could not find a property named '{name}' on the type behind {cmdlet}.", cmdlet)


def sign_in(kind: str, text: str) -> TenantError:
    """What Connect-ExchangeOnline reports when it is refused."""
    return TenantError(CmdletError(text, kind, "", "NotSpecified", "Connect-ExchangeOnline"))


def too_many_sessions(most: int) -> TenantError:
    """E15: as Remote PowerShell said it; what the REST service says, if anything, is not known."""
    text = (
        f"You have exceeded the maximum number of connections allowed : {most} for the policy party : MaxConcurrency."
    )
    return sign_in("System.Management.Automation.Remoting.PSRemotingTransportException", text)


#: A warning about a recipient and a trustee.
Wording = Callable[[str, str], str]

#: E3.
MORE_RESULTS = (
    "There are more results available than are currently displayed. To view them, increase the value for the"
    " ResultSize parameter."
)


def already_present(recipient: str, trustee: str) -> str:
    """E1, W1."""
    return (
        f'The appropriate access control entry is already present on the object "{recipient}" for account "{trustee}".'
    )


def not_present(recipient: str, trustee: str) -> str:
    """E2, W2."""
    return (
        f'Can\'t remove the access control entry on the object "{recipient}" for account "{trustee}"'
        " because the ACE doesn't exist on the object."
    )


def send_as_not_present(recipient: str, trustee: str) -> str:
    """E2, W3."""
    return (
        f'Can\'t remove the access control entry on the object "{recipient}" for account "{trustee}"'
        " because the ACE isn't present."
    )


def inherited_ignored(recipient: str, rights: str) -> str:
    """W4."""
    return f'An inherited access control entry has been specified: {rights} on "{recipient}". It was ignored.'


def nothing_modified(name: str) -> str:
    """E5, W6."""
    return f"The command completed successfully but no settings of '{name}' have been modified."
