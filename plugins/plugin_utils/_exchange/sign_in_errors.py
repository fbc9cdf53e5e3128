# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do when signing in to Exchange Online fails: the rows of exchange facts 5.2 that a sign-in meets."""

from __future__ import annotations

import re

from .errors import NETWORK, STATUS, Diagnosis, Meaning, diagnose
from .session import CmdletError

_ROLE = (
    "Give the application the permission Exchange.ManageAsApp with admin consent, and an Entra role (Exchange "
    "Administrator) or a role group of Exchange with the role Mail Recipients; a new grant needs some time to spread"
)
_CONDITIONAL = "Exempt the application from the Conditional Access policy that demands more of it"
_NO_USERS = "Sign in as an application (certificate, managed identity or access_token), not as a user"
_LATER = "Entra ID is busy or out of order: run it again later"

#: By the number of the Entra error.
_BY_AADSTS: dict[str, tuple[str, str]] = {
    "700016": ("E34", "Check app_id, and that the application exists in the tenant of organization"),
    "90002": ("E35", "Check organization: there is no such tenant"),
    "700027": ("E36", "Register the certificate's public part with the application, and check that it has not expired"),
    **dict.fromkeys(("7000215", "7000222"), ("E37", "Renew the client secret with which access_token was fetched")),
    **dict.fromkeys(("53003", "50076", "50079"), ("E38", _CONDITIONAL)),
    **dict.fromkeys(("50126", "50034", "50053"), ("E39", _NO_USERS)),
    **dict.fromkeys(("50033", "50087", "90006", "90012", "90024", "90033", "90055", "90090"), ("E40", _LATER)),
    "50196": ("E40", "The application asks for tokens in a loop; let it rest for some minutes"),
}
_BY_TEXT: tuple[tuple[str, str, str], ...] = (
    ("E24", r"User is not allowed to call", _ROLE),
    ("E26", r"The role assigned to application .* isn't supported in this scenario", _ROLE),
    ("E27", r"No cmdlet assigned to the user have this feature enabled", _ROLE),
    (
        "E41",
        r"Keyset does not exist",
        "Let the account that runs PowerShell read the private key of the certificate, or use certificate_file",
    ),
    ("E42", r"Organization cannot be a Guid", "Set organization to the *.onmicrosoft.com name of the tenant"),
    (
        "E43",
        r"certificate.*(cannot be found|not found in the certificate store)",
        "Check certificate_thumbprint, and that the certificate is in a store of the PowerShell host",
    ),
    (
        "E44",
        r"Method not found: .*WithBroker|Could not load file or assembly '?Microsoft\.Identity\.Client"
        r"|System\.IdentityModel\.Tokens\.Jwt",
        "Another version of Microsoft's identity library was loaded first: let no PowerShell profile or policy of the "
        "host load Az, Microsoft.Graph or PnP modules, and update ExchangeOnlineManagement",
    ),
    (
        "E21",
        NETWORK,
        "Let the PowerShell host reach login.microsoftonline.com and outlook.office365.com over HTTPS",
    ),
    (
        "E45",
        r"Update-ModuleManifest|Update-Manifest",
        "Install the modules PowerShellGet and PackageManagement on the PowerShell host",
    ),
    (
        "E46",
        r"window handle|\bWAM\b|NonInteractive mode",
        "The module tried to ask somebody: check app_id, organization and the certificate",
    ),
    ("E25", rf"UnAuthorized|{STATUS}40[13]\b|Forbidden", _ROLE),
)
_AADSTS = re.compile(r"AADSTS(\d+)")


def remedy(type_name: str, text: str) -> tuple[str, str]:
    """The row of the table, and what to do; both are empty for an error that is not in it."""
    for number in _AADSTS.findall(text):
        if number in _BY_AADSTS:
            return _BY_AADSTS[number]
    whole = f"{type_name}|{text}"
    for row, pattern, advice in _BY_TEXT:
        if re.search(pattern, whole, re.IGNORECASE | re.DOTALL):
            return row, advice
    busy = _trouble(type_name, text)
    return (busy.rule, busy.remedy[:1].upper() + busy.remedy[1:]) if busy else ("", "")


def may_pass(type_name: str, text: str) -> bool:
    """Whether signing in may work later, without anybody doing anything (exchange facts E12 to E18, E21, E40)."""
    if _AADSTS.search(text):
        return remedy(type_name, text) == _BY_AADSTS["50033"]
    busy = _trouble(type_name, text)
    return busy is not None and busy.rule not in ("E19", "E20")


def _trouble(type_name: str, text: str) -> Diagnosis | None:
    """Of the service behind the sign-in, which passes."""
    found = diagnose(CmdletError(text, type_name))
    return found if found.meaning in (Meaning.TRANSIENT, Meaning.THROTTLED) else None
