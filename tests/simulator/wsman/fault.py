# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SOAP faults of a WSMan service: their codes, their place in the envelope, and the exception that carries one."""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """``WSManFault/@Code``, or ``MSFT_WmiError/error_Code`` for the quotas of operations (winrm facts section 6)."""

    ACCESS_DENIED = 5
    NOT_SUPPORTED = 50
    PIPE_ENDED = 109
    BUSY = 170
    OPERATION_ABORTED = 995
    PLUGIN_TIMEOUT = 1460
    PROFILE_BEING_UNLOADED = 2147943418
    OPERATION_TIMEOUT = 2150858793
    CONCURRENCY = 2150858802
    QUOTA_LIMIT = 2150858815
    SCHEMA = 2150858817
    ENVELOPE_TOO_LARGE = 2150858823
    UNEXPECTED_SELECTORS = 2150858843
    SHELL_ALREADY_CLOSED = 2150859082
    COMMAND_ALREADY_CLOSED = 2150859087
    MAX_SHELLS = 2150859173
    MAX_OPERATIONS = 2150859174
    USER_QUOTA = 2150859175
    SYSTEM_QUOTA = 2150859176
    SHELL_USERS = 2150859179
    SHELLS_NOT_ALLOWED = 2150859180
    COMMAND_TERMINATED = 2150859212
    PLUGIN_QUOTA = 2150859236


#: Fault code and subcode of SOAP 1.2; what is not listed is the service's own trouble.
_SUBCODES = {
    Code.ACCESS_DENIED: ("s:Sender", "w:AccessDenied"),
    Code.NOT_SUPPORTED: ("s:Sender", "w:UnsupportedFeature"),
    Code.OPERATION_TIMEOUT: ("s:Receiver", "w:TimedOut"),
    Code.CONCURRENCY: ("s:Sender", "w:Concurrency"),
    Code.QUOTA_LIMIT: ("s:Sender", "w:QuotaLimit"),
    Code.SCHEMA: ("s:Sender", "w:SchemaValidationError"),
    Code.ENVELOPE_TOO_LARGE: ("s:Sender", "w:EncodingLimit"),
    Code.UNEXPECTED_SELECTORS: ("s:Sender", "w:InvalidSelectors"),
    Code.MAX_SHELLS: ("s:Receiver", "w:QuotaLimit"),
    Code.MAX_OPERATIONS: ("s:Receiver", "w:QuotaLimit"),
}
_INTERNAL = ("s:Receiver", "w:InternalError")
#: pywinrm and ansible look for this one in the WMI error (winrm facts F7).
_IN_WMI_ERROR = frozenset({Code.MAX_OPERATIONS})


class WsmanFault(Exception):
    """A request that is answered with a SOAP fault; ``code`` is one of :class:`Code`, or any other number."""

    def __init__(self, code: int) -> None:
        super().__init__(f"WSMan fault {code}")
        self.code = code


def fault_body(code: int) -> str:
    """Gives the content of ``s:Body``. The reason is ours: real ones are translated, so nobody may rely on it."""
    value, subcode = _SUBCODES.get(Code(code), _INTERNAL) if code in set(Code) else _INTERNAL
    return (
        f"<s:Fault><s:Code><s:Value>{value}</s:Value><s:Subcode><s:Value>{subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{_reason(code)}</s:Text></s:Reason>'
        f"<s:Detail>{_detail(code)}</s:Detail></s:Fault>"
    )


def _reason(code: int) -> str:
    name = Code(code).name.replace("_", " ").capitalize() if code in set(Code) else "Fault"
    return f"{name}: the simulated service answers with code {code} (0x{code:08X})."


def _detail(code: int) -> str:
    if code in _IN_WMI_ERROR:
        namespace = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError"
        return (
            f'<e:MSFT_WmiError xmlns:e="{namespace}"><e:Message>{_reason(code)}</e:Message>'
            f"<e:error_Code>{code}</e:error_Code></e:MSFT_WmiError>"
        )
    return (
        '<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" '
        f'Code="{code}" Machine="simulator"><f:Message>{_reason(code)}</f:Message></f:WSManFault>'
    )
