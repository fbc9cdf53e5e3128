# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the actions, as argument specs; each dict belongs to the doc fragment of the same name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError

from .._access.desired import InputError
from .secrecy import texts_in
from .sign_in import ENVIRONMENTS

ArgumentSpec = dict[str, dict[str, Any]]

#: The fragment ``exchange``: how to sign in.
EXCHANGE_ARGUMENTS: ArgumentSpec = {
    "organization": {"type": "str"},
    "exchange_environment": {"type": "str", "default": "O365Default", "choices": list(ENVIRONMENTS)},
    "app_id": {"type": "str"},
    "certificate_thumbprint": {"type": "str"},
    "certificate_file": {"type": "path"},
    "certificate_password": {"type": "str", "no_log": True},
    "managed_identity": {"type": "bool"},
    "managed_identity_account_id": {"type": "str"},
    "access_token": {"type": "str", "no_log": True},
}

#: The fragment ``powershell``: what runs at the far end.
POWERSHELL_ARGUMENTS: ArgumentSpec = {
    "executable": {"type": "str"},
    "snapshot": {"type": "path"},
    "snapshot_update": {"type": "bool", "default": False},
}

#: The fragment ``run``: how long a task that reads or writes rights may take.
RUN_ARGUMENTS: ArgumentSpec = {
    "max_runtime": {"type": "int"},
    "request_timeout": {"type": "int", "default": 1200},
    "sessions": {"type": "int", "default": 3, "choices": [1, 2, 3]},
}

#: The fragment ``writing``: how far a task may go that writes rights.
WRITING_ARGUMENTS: ArgumentSpec = {
    "max_grants": {"type": "str"},
    "max_revocations": {"type": "str"},
    "policy": {"type": "path"},
    "auto_mapping": {"type": "bool", "default": False},
    "verify": {"type": "int", "default": 120},
    "on_failure": {"type": "str", "default": "fail", "choices": ["fail", "report"]},
}

#: The fragment ``surplus``: what is held and wanted by nobody.
SURPLUS_ARGUMENTS: ArgumentSpec = {
    "surplus_group": {"type": "str"},
    "surplus": {"type": "str", "default": "report", "choices": ["report", "revoke"]},
    "surplus_group_minimum": {"type": "int"},
    "retired_accounts": {"type": "list", "elements": "str", "default": []},
}

DELEGATION_ARGUMENTS: ArgumentSpec = {
    "profiles": {"type": "dict", "required": True},
    "profile": {"type": "list", "elements": "str", "default": []},
    "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
    "mailboxes": {
        "type": "list",
        "elements": "dict",
        "options": {
            "mailbox": {"type": "str", "required": True},
            "profile": {"type": "list", "elements": "str"},
            "state": {"type": "str", "choices": ["present", "absent"]},
            "until": {"type": "str"},
            "reason": {"type": "str"},
        },
    },
    "previous": {"type": "path"},
    "allow_empty": {"type": "bool", "default": False},
    "plan_file": {"type": "path"},
    "apply_plan": {"type": "path"},
    "plan_max_age": {"type": "int", "default": 72},
    "journal": {"type": "path"},
    **SURPLUS_ARGUMENTS,
    **WRITING_ARGUMENTS,
    **EXCHANGE_ARGUMENTS,
    **POWERSHELL_ARGUMENTS,
    **RUN_ARGUMENTS,
}

_RIGHTS = ["send_as", "full_access", "send_on_behalf"]

PERMISSION_ARGUMENTS: ArgumentSpec = {
    "mailboxes": {"type": "list", "elements": "str", "required": True},
    "trustees": {"type": "list", "elements": "str", "required": True},
    "rights": {"type": "list", "elements": "str", "choices": _RIGHTS, "required": True},
    "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
    "exclusive": {"type": "bool", "default": False},
    "inheritance": {
        "type": "str",
        "default": "All",
        "choices": ["None", "All", "Children", "Descendents", "SelfAndChildren"],
    },
    "journal": {"type": "path"},
    **WRITING_ARGUMENTS,
    **EXCHANGE_ARGUMENTS,
    **POWERSHELL_ARGUMENTS,
    **RUN_ARGUMENTS,
}

PERMISSION_INFO_ARGUMENTS: ArgumentSpec = {
    "mailboxes": {"type": "list", "elements": "str"},
    "all_mailboxes": {"type": "bool", "default": False},
    "trustees": {"type": "list", "elements": "str"},
    "rights": {"type": "list", "elements": "str", "choices": _RIGHTS, "default": _RIGHTS},
    "include_self": {"type": "bool", "default": False},
    "on_failure": {"type": "str", "default": "fail", "choices": ["fail", "report"]},
    **EXCHANGE_ARGUMENTS,
    **POWERSHELL_ARGUMENTS,
    **RUN_ARGUMENTS,
}

SNAPSHOT_ARGUMENTS: ArgumentSpec = {
    "dest": {"type": "path", "required": True},
    "detail": {"type": "str", "default": "minimal", "choices": ["minimal", "full"]},
    "anonymize": {"type": "bool", "default": False},
    "profiles": {"type": "dict", "default": {}},
    "profile": {"type": "list", "elements": "str", "default": []},
    "mailboxes": DELEGATION_ARGUMENTS["mailboxes"],
    "accounts": {"type": "list", "elements": "str", "default": []},
    "on_failure": {"type": "str", "default": "fail", "choices": ["fail", "report"]},
    **EXCHANGE_ARGUMENTS,
    **POWERSHELL_ARGUMENTS,
    **RUN_ARGUMENTS,
}

CONNECTION_INFO_ARGUMENTS: ArgumentSpec = {
    "purpose": {"type": "str", "choices": ["host", "audit", "enforce"]},
    "rights": {"type": "list", "elements": "str", "choices": _RIGHTS, "default": _RIGHTS},
    "accounts": {"type": "list", "elements": "str", "default": []},
    "endpoints": {"type": "list", "elements": "str"},
    "fail_on": {"type": "str", "default": "fail", "choices": ["never", "warn", "fail"]},
    **EXCHANGE_ARGUMENTS,
    **POWERSHELL_ARGUMENTS,
}

SELFTEST_INFO_ARGUMENTS: ArgumentSpec = {
    "sample": {"type": "int", "default": 20},
    "fail_on": {"type": "str", "default": "never", "choices": ["never", "failed"]},
    **EXCHANGE_ARGUMENTS,
    **POWERSHELL_ARGUMENTS,
    **RUN_ARGUMENTS,
}


def validated(spec: ArgumentSpec, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The options with their defaults and types; raises InputError for whatever the spec does not allow."""
    faults = [
        f"{name}: {fault}"
        for name, value in arguments.items()
        for fault in _faults_of_text(value, "path" in spec.get(name, {}).values())
    ]
    if faults:
        raise InputError(faults)
    # A copy: the validator fills in the defaults of options within options in the spec itself.
    result = ArgumentSpecValidator(deepcopy(dict(spec))).validate(dict(arguments))
    if result.errors.errors:
        raise InputError(_in_words(error) for error in result.errors.errors)
    return dict(result.validated_parameters)


def _in_words(error: Exception) -> str:
    """What ansible's validator says; of unknown options it gives the names alone."""
    return f"Unsupported parameters: {error}" if isinstance(error, UnsupportedError) else str(error)


def _faults_of_text(value: Any, is_path: bool) -> Iterator[str]:
    """Half a character of two cannot be written down, so it would arrive as something else."""
    half = next((sign for text in texts_in(value) for sign in text if "\ud800" <= sign <= "\udfff"), None)
    if half:
        yield f"it holds {half!a}, which is half a character"
    if is_path and any("\0" in text for text in texts_in(value)):
        yield "it holds a NUL, which no path does"
