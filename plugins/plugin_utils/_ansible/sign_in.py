# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way to sign in: from the options of the task, and from the environment for what they leave out."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._access.desired import InputError

#: Value of -ExchangeEnvironmentName → suffix of the organisation's name (exchange facts 6.1).
ENVIRONMENTS = {
    "O365Default": ".onmicrosoft.com",
    "O365China": ".partner.onmschina.cn",
    "O365USGovGCCHigh": ".onmicrosoft.us",
    "O365USGovDoD": ".onmicrosoft.us",
}
WAYS = ("certificate_thumbprint", "certificate_file", "managed_identity", "access_token")
_NEED_APP_ID = ("certificate_thumbprint", "certificate_file")
_VARIABLE = "EXCHANGE_ONLINE_"


@dataclass(frozen=True)
class SignIn:
    """A way to sign in. ``request``: the field ``sign_in`` of the wire protocol, secrets included."""

    way: str
    organization: str
    environment: str
    request: Mapping[str, str] = field(repr=False)


def choose_sign_in(options: Mapping[str, Any], environ: Mapping[str, str]) -> SignIn:
    """The one way that the task asks for; the environment chooses only where the task says nothing of it at all.

    Environment variables are EXCHANGE_ONLINE_ and the option in capitals. A snapshot needs none. Raises InputError.
    """
    if options.get("snapshot"):
        return SignIn("snapshot", str(options.get("organization") or ""), options["exchange_environment"], {})
    asked = [way for way in WAYS if options.get(way)]
    if not asked:
        asked = [way for way in WAYS if _from(environ, way) not in ("", "false", "no", "0")]
    if len(asked) != 1:
        raise InputError([_how_many(asked)])
    way = asked[0]
    values = {
        name: str(options.get(name) or _from(environ, name))
        for name in ("organization", "app_id", "certificate_password", "managed_identity_account_id", way)
    }
    _check(way, values, str(options["exchange_environment"]))
    return SignIn(way, values["organization"], options["exchange_environment"], _request(way, values))


def _from(environ: Mapping[str, str], name: str) -> str:
    return environ.get(_VARIABLE + name.upper(), "").strip()


def _how_many(asked: list[str]) -> str:
    ways = ", ".join(WAYS)
    if asked:
        return f"{len(asked)} ways to sign in were given ({', '.join(asked)}): leave exactly one of {ways}"
    return f"no way to sign in was given: set exactly one of {ways}, or its variable {_VARIABLE}…"


def _check(way: str, values: Mapping[str, str], environment: str) -> None:
    faults = []
    suffix = ENVIRONMENTS[environment]
    organization = values["organization"]
    if not re.fullmatch(r"[A-Za-z0-9-]+" + re.escape(suffix), organization):
        faults.append(
            f"organization must be the organisation's first name *{suffix} (exchange_environment {environment}), "
            f"not {organization!r}: a custom domain or an id lets long reads fail"
        )
    if way in _NEED_APP_ID and not values["app_id"]:
        faults.append(f"app_id is needed with {way}: the application (client) id of the app registration")
    if way == "certificate_thumbprint" and not re.fullmatch(r"[0-9A-Fa-f]{40}", values[way]):
        faults.append("certificate_thumbprint must be 40 hexadecimal digits, without blanks")
    if faults:
        raise InputError(faults)


def _request(way: str, values: Mapping[str, str]) -> dict[str, str]:
    request = {"way": way, "organization": values["organization"]}
    if way == "certificate_file":
        request["certificate_pfx"] = _read_pfx(values[way])
        request["certificate_password"] = values["certificate_password"]
    elif way == "managed_identity":
        if values["managed_identity_account_id"]:
            request["managed_identity_account_id"] = values["managed_identity_account_id"]
    else:
        request[way] = values[way].upper() if way == "certificate_thumbprint" else values[way]
    if way in _NEED_APP_ID:
        request["app_id"] = values["app_id"]
    return request


def _read_pfx(path: str) -> str:
    try:
        return base64.b64encode(Path(path).read_bytes()).decode("ascii")
    except (OSError, ValueError) as error:
        raise InputError([f"certificate_file {path}: {getattr(error, 'strerror', '') or error}"]) from error
