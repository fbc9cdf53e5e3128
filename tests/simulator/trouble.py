# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of Exchange Online that may come and go, each as a proxy, a Get-EXO* and the sign-in report it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ...plugins.plugin_utils._exchange.session import CmdletError
from ...plugins.plugin_utils._tenant import errors

CONNECT = "Connect-ExchangeOnline"
_THROTTLING = "Microsoft.Exchange.Data.ThrottlingErrorException"
_WEB = "System.Net.WebException"
_OPERATION = "System.InvalidOperationException"
_MSAL = "Microsoft.Identity.Client.MsalServiceException"


def _reported(status: int, code: str, kind: str, text: str, cmdlet: str) -> CmdletError:
    if cmdlet == CONNECT:
        return errors.sign_in(kind, text).error
    if not status:
        return errors.engine(kind, text, "NotSpecified", f"{kind},{cmdlet}").error
    if errors.is_native(cmdlet):
        return errors.rest(status, code or "Error", text, cmdlet).error
    return errors.proxy(code, kind, text).error


class Trouble(Enum):
    """HTTP status, code, .NET type and text of an error; status 0: from the way to the service.

    Which row of exchange facts 5.2 each is, tests/unit/simulator/test_trouble.py says.
    """

    THROTTLED = (429, "Ex429000", _THROTTLING, "Too many requests.")
    THROTTLED_WITH_HINT = (429, "Ex429000", _THROTTLING, "Too many requests. Retry after 60 seconds.")
    SERVER_BUSY = (
        503, "Ex503100", "Microsoft.Exchange.Data.Directory.ServerBusyException",
        "Server Busy. The server cannot process the request now.",
    )  # fmt: skip
    DIRECTORY = (
        503, "Ex503000", "Microsoft.Exchange.Data.Directory.ADTransientException", "The LDAP server is unavailable.",
    )  # fmt: skip
    REPLICATION = (
        404, "Ex4215D1", "Microsoft.Exchange.Data.Directory.ADObjectUnreadException",
        "The object couldn't be read from domain controller 'DC01'. This may be due to replication delays.",
    )  # fmt: skip
    UNAVAILABLE = (503, "", "System.Exception", "Resource temporarily unavailable.")
    BAD_GATEWAY = (502, "", _WEB, "The remote server returned an error: (502) Bad Gateway.")
    SERVICE_UNAVAILABLE = (503, "", _WEB, "The remote server returned an error: (503) Server Unavailable.")
    GATEWAY_TIMEOUT = (504, "", _WEB, "The remote server returned an error: (504) Gateway Timeout.")
    SERVER_SIDE = (
        403, "", _OPERATION,
        "A server side error has occurred because of which the operation could not be completed. Please try again.",
    )  # fmt: skip
    PAGE_EXPIRED = (
        400, "", "System.Exception", "Expired or Invalid pagination request. Default Expiry time is 00:30:00",
    )  # fmt: skip
    TIMED_OUT = (
        0, "", "System.Threading.Tasks.TaskCanceledException",
        "The request was canceled due to the configured HttpClient.Timeout of 960 seconds elapsing.",
    )  # fmt: skip
    CONNECTION_CLOSED = (
        0, "", _WEB, "The underlying connection was closed: An unexpected error occurred on a receive.",
    )  # fmt: skip
    NAME_UNRESOLVED = (0, "", _WEB, "The remote name could not be resolved: 'outlook.office365.com'")
    SESSION_LOST = (
        401, "", _OPERATION,
        "Required resource is not available to continue execution. Please re-establish the connection.",
    )  # fmt: skip
    TOKEN_EXPIRED = (401, "", _OPERATION, "Unauthorized. The AccessToken expired.")
    OUT_OF_SCOPE = (
        403, "", "Microsoft.Exchange.Configuration.Tasks.TaskInvalidOperationException",
        "'x' isn't within your current write scope. Can't perform save operation.",
    )  # fmt: skip
    ENTRA_BUSY = (503, "", _MSAL, "AADSTS90033: A transient error has occurred. Please try again.")
    ENTRA_REFUSES = (
        401, "", _MSAL,
        "AADSTS700027: The certificate with identifier '0123' used to sign the client assertion is not registered on"
        " application.",
    )  # fmt: skip

    def error_of(self, cmdlet: str) -> CmdletError:
        """The error as that cmdlet reports it (exchange facts 5.1)."""
        status, code, kind, text = self.value
        return _reported(status, code, kind, text, cmdlet)

    @property
    def ends_session(self) -> bool:
        """Whether the connection is good for nothing until somebody signs in anew (E22, E23)."""
        return self in (Trouble.SESSION_LOST, Trouble.TOKEN_EXPIRED)


@dataclass(frozen=True)
class Throttling:
    """E13 with a hint of so many seconds."""

    seconds: int

    def error_of(self, cmdlet: str) -> CmdletError:
        """The error as that cmdlet reports it."""
        status, code, kind, text = Trouble.THROTTLED.value
        return _reported(status, code, kind, f"{text} Retry after {self.seconds} seconds.", cmdlet)


#: E4: what comes beside the rows of a call that the service has held up on purpose.
MICRO_DELAY = (
    "Micro delay applied. Actual delayed: 2195 msecs, Enforced: True, Capped delay: 2195 msecs, Required: False,"
    " Additional info: .; PolicyDN: ; BudgetType: PowerShell, Balance: -1608289/2160000/-3000000"
)
