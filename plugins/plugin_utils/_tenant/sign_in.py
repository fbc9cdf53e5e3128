# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in as an application: who may, and what Connect-ExchangeOnline reports when not (exchange facts 5.2, 6.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from uuid import UUID

from .binding import granted
from .errors import sign_in
from .organisation import App, Organisation

_MSAL = "Microsoft.Identity.Client.MsalServiceException"
_UNAUTHORIZED = ("System.UnauthorizedAccessException", "UnAuthorized")


@dataclass(frozen=True)
class Connection:
    """A signed-in session. ``cmdlets``: every cmdlet that the role grants, with its parameters."""

    connection_id: str
    organization: str
    tenant_id: str
    token_expires: str
    cmdlets: Mapping[str, list[str]] = field(default_factory=dict)
    app_id: str = ""
    certificate: bool = False


def connection(organisation: Organisation, keys: Mapping[str, object], connection_id: str) -> Connection:
    """``keys``: app_id, organization, and thumbprint or access_token or managed_identity. Raises TenantError."""
    organization = _organization(organisation, str(keys.get("organization", "")))
    app = _app(organisation, keys)
    grants = _admitted(app)
    expires = datetime.now(timezone.utc) + timedelta(hours=1)
    return Connection(
        connection_id,
        organization,
        organisation.tenant_id,
        expires.isoformat(timespec="seconds"),
        grants,
        app.app_id,
        bool(keys.get("thumbprint")),
    )


def _organization(organisation: Organisation, name: str) -> str:
    """E35, E42. A custom domain gets in, and then fails at the second page (E20)."""
    try:
        UUID(name)
    except ValueError:
        known = (organisation.organization, *organisation.settings.custom_domains)
        if name.casefold() in {each.casefold() for each in known}:
            return name
        text = f"AADSTS90002: Tenant '{name}' not found. Check to make sure you have the correct tenant ID."
        raise sign_in(_MSAL, text) from None
    raise sign_in("System.ArgumentException", "Organization cannot be a Guid. Please provide the organization name.")


def _app(organisation: Organisation, keys: Mapping[str, object]) -> App:
    """The application that the secret belongs to: E25, E34, E36, and its own refusal."""
    if keys.get("managed_identity"):
        app = _one(organisation, "managed_identity", keys["managed_identity"])
    elif keys.get("access_token"):
        app = _one(organisation, "access_token", keys["access_token"])
    else:
        app = _by_certificate(organisation, keys)
    if app.sign_in_error:
        raise sign_in(_MSAL, app.sign_in_error)
    return app


def _one(organisation: Organisation, way: str, secret: object) -> App:
    for app in organisation.apps:
        if way == "access_token" and secret in app.access_tokens:
            return app
        if way == "managed_identity" and app.managed_identity and secret in (True, app.app_id):
            return app
    raise sign_in(*_UNAUTHORIZED)


def _by_certificate(organisation: Organisation, keys: Mapping[str, object]) -> App:
    app_id = str(keys.get("app_id", ""))
    app = next((each for each in organisation.apps if each.app_id == app_id.lower()), None)
    if app is None:
        text = f"AADSTS700016: Application with identifier '{app_id}' was not found in the directory."
        raise sign_in(_MSAL, text)
    thumbprint = str(keys.get("thumbprint", "")).upper()
    if thumbprint in app.expired_thumbprints:
        raise sign_in(_MSAL, "AADSTS700027: Client assertion failed signature validation. The key used is expired.")
    if thumbprint not in app.thumbprints:
        text = f"AADSTS700027: The certificate with identifier '{thumbprint}' is not registered on application."
        raise sign_in(_MSAL, text)
    return app


def _admitted(app: App) -> dict[str, list[str]]:
    """E25, E26, E27."""
    if not app.consent:
        raise sign_in(*_UNAUTHORIZED)
    if not app.directory_role:
        text = f"The role assigned to application {app.app_id} isn't supported in this scenario."
        raise sign_in(_UNAUTHORIZED[0], text)
    grants = granted(app.role)
    if not grants:
        raise sign_in("System.Exception", "No cmdlet assigned to the user have this feature enabled.")
    return grants
