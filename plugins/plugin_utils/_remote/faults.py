# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may go wrong over WinRM, told by code or class: what is done, and what the user reads (winrm facts 6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum


class Action(Enum):
    """What is done about a fault after the first contact; before it every fault but WAIT is the end."""

    NOTHING_CAME = "a Receive brought nothing; a Send is taken as delivered"
    WAIT = "not served: the same again after a pause"
    REPEAT = "not served: a new connection, the same again"
    RESUME = "perhaps served: a new connection, and let the client resume"
    SMALLER = "not served: the same again in halves"
    LATER = "not served: the same again once output was taken"
    LOST = "the shell is gone, or its process"
    FAIL = "nothing helps"


@dataclass(frozen=True)
class Fault:
    """``tries``: how often in a row before it is the end. ``text`` reads on after "WinRM on …: "."""

    row: str
    action: Action
    text: str
    remedy: str = ""
    tries: int = 1
    pause: float = 0.0

    @property
    def refuses_login(self) -> bool:
        """Whether it is the sign-in to the host that failed."""
        return self.row in ("F12", "F20")


class Recognised(Exception):
    """Something went wrong whose fault was known where it did."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault


_AS_ANSIBLE = "Try the same host with ansible.windows.win_ping"
_NOTHING_CAME = Fault(
    "F1", Action.NOTHING_CAME, "the service did not act within the operation timeout", "Is the host overloaded?"
)
_GONE = Fault(
    "F2",
    Action.LOST,
    "the remote shell is gone, and PowerShell with it (idle for too long, WinRM restarted, or the host rebooted)",
    "Run the task again",
)
_UNKNOWN_CODE = Fault("F10", Action.RESUME, "the service answered with an unknown fault", _AS_ANSIBLE)
FOREIGN = Fault(
    "F17",
    Action.FAIL,
    "the answer is not that of a WSMan service",
    "Look for a proxy or a captive portal in between, and check scheme, port and path (ansible_winrm_path)",
)


def _quota(name: str) -> Fault:
    remedy = f"End shells that are left over (Get-WSManInstance -ResourceURI shell -Enumerate), or raise {name} there"
    return Fault("F7", Action.FAIL, f"the quota {name} of the host is used up", remedy)


_PLUGIN_QUOTA = _quota("of the plug-in microsoft.powershell or the shell (winrm get winrm/config/winrs)")
_BY_CODE: dict[int, Fault] = {
    2150858793: _NOTHING_CAME,
    2150858843: _GONE,
    **dict.fromkeys((2150859082, 2150859087, 2150859212), replace(_GONE, row="F3")),
    109: replace(_GONE, row="F21", text="PowerShell has ended (broken pipe)"),
    995: Fault("F4", Action.RESUME, "the operation was aborted: the shell or the service is stopping"),
    170: Fault("F5", Action.LATER, "the shell stays busy with what was sent before", _AS_ANSIBLE, tries=3),
    1460: replace(_NOTHING_CAME, row="F6"),
    2150859173: _quota("MaxShellsPerUser"),
    2150859174: _quota("MaxConcurrentOperationsPerUser"),
    2150859175: _quota("of the user (MaxConcurrentOperationsPerUser)"),
    2150859176: _quota("of the system (MaxConcurrentOperations)"),
    2150859179: _quota("MaxConcurrentUsers"),
    **dict.fromkeys(range(2150859236, 2150859243), _PLUGIN_QUOTA),
    2150858815: _quota("of WinRM"),
    2150858817: Fault("F8", Action.FAIL, "the host refused a request as malformed (schema validation)"),
    **dict.fromkeys(
        (2150858823, 2150858824),
        Fault("F8", Action.FAIL, "a message is larger than the host allows", "Raise MaxEnvelopeSizekb there"),
    ),
    # A Receive whose connection broke may be under way there for some time yet (winrm facts 3.5, 3.6).
    2150858802: Fault(
        "F8", Action.WAIT, "the host refused a request made at the same time as another", tries=6, pause=5.0
    ),
    2150859180: Fault(
        "F8",
        Action.FAIL,
        "the host allows no remote shells",
        "Set AllowRemoteShellAccess to true in winrm/config/winrs",
    ),
    5: Fault(
        "F8",
        Action.FAIL,
        "the user may not open a remote shell (access denied)",
        "Add the account to Remote Management Users, or to Administrators, of the host",
    ),
    2147943418: Fault("F9", Action.WAIT, "the user's profile is being unloaded on the host", pause=5.0),
}

_PROXY = "Check the proxy (ansible_winrm_proxy) between this machine and the host"
_BY_STATUS: dict[int, Fault] = {
    400: Fault("F11", Action.REPEAT, "the host answers with HTTP status 400, also over a new connection", _AS_ANSIBLE),
    403: Fault("F12", Action.FAIL, "the host forbids it (HTTP status 403)", "Check the account and any proxy between"),
    404: Fault(
        "F16", Action.FAIL, "nothing is served at this path (HTTP status 404)", "Check port and ansible_winrm_path"
    ),
    407: Fault("F15", Action.FAIL, "a proxy asks for a sign-in (HTTP status 407)", _PROXY),
    413: Fault("F13", Action.SMALLER, "the host refuses even small messages as too large (HTTP status 413)"),
    500: Fault(
        "F14",
        Action.RESUME,
        "the host refused the message (HTTP status 500)",
        "It may refuse plain text: use https, or ntlm or kerberos with ansible_winrm_message_encryption auto. "
        "Otherwise it cannot reach its domain controller, or its WinRM service is broken",
    ),
    502: Fault("F15", Action.RESUME, "a proxy cannot reach the host (HTTP status 502)", _PROXY, tries=3),
    503: Fault(
        "F15", Action.RESUME, "the service is not available (HTTP status 503)", _PROXY + ", and WinRM there", tries=6
    ),
    504: Fault("F15", Action.RESUME, "a proxy got no answer from the host (HTTP status 504)", _PROXY, tries=3),
}

#: Contact may come back: bounded by time, not by tries.
_UNTIL_TIME_IS_UP = 1_000_000
_CREDENTIALS = Fault(
    "F12",
    Action.REPEAT,
    "the sign-in was refused (tried once, so that the account is not locked out)",
    "Check ansible_user (DOMAIN\\user or user@domain), ansible_password, and that the host offers this transport. With "
    "https the host may ask for channel binding (CbtHardeningLevel): a proxy that opens TLS, or "
    "ansible_winrm_send_cbt=false, breaks it",
)
_TLS = "ansible_winrm_ca_trust_path to a file with the certificate of its authority"
_CERTIFICATE = Fault(
    "F19",
    Action.FAIL,
    "its certificate is not trusted",
    f"Set {_TLS} (or, knowing the risk, ansible_winrm_server_cert_validation to ignore)",
)
_OTHER_NAME = Fault(
    "F19", Action.FAIL, "its certificate is for another name", "Use a name of the certificate as ansible_host"
)
_EXPIRED = Fault("F19", Action.FAIL, "its certificate has expired", "Renew the certificate of the WinRM listener")
#: Numbers of OpenSSL: 10 expired, 62 and 64 another host name or address.
_BY_VERIFY_CODE = {10: _EXPIRED, 62: _OTHER_NAME, 64: _OTHER_NAME}


def _contact(text: str, remedy: str) -> Fault:
    return Fault("F19", Action.RESUME, text, remedy, tries=_UNTIL_TIME_IS_UP)


_TLS_FITS = "Check that ansible_winrm_scheme fits the port: 5986 is https"
_TLS_ENDED = _contact("the connection ended within TLS", _TLS_FITS)
_REACH = "Check ansible_host and ansible_port, the firewall, and that WinRM runs there (Enable-PSRemoting)"
_STALE = "The ticket may have expired: run kinit, or set ansible_password, so that a ticket is got for each run"
NO_SERVICE_TICKET = Fault(
    "F12",
    Action.REPEAT,
    "Kerberos gave no ticket for the host",
    "Check realm, clock and ansible_winrm_kerberos_hostname_override",
)
#: In order: the first whose class is anywhere in the chain of causes.
_BY_CLASS: tuple[tuple[str, Fault], ...] = (
    ("WinRMOperationTimeoutError", _NOTHING_CAME),
    ("InvalidCredentialsError", _CREDENTIALS),
    ("AuthenticationException", _CREDENTIALS),
    ("KerberosExchangeError", NO_SERVICE_TICKET),
    # Told of an answer: the request was served.
    ("MutualAuthenticationError", Fault("F12", Action.RESUME, "the host did not prove who it is to Kerberos", _STALE)),
    ("ProxyError", _contact("the proxy cannot be used", _PROXY)),
    ("SSLCertVerificationError", _CERTIFICATE),
    ("SSLEOFError", _TLS_ENDED),
    ("SSLZeroReturnError", _TLS_ENDED),
    (
        "SSLError",
        Fault(
            "F19",
            Action.FAIL,
            "TLS cannot be agreed on",
            _TLS_FITS,
        ),
    ),
    ("NameResolutionError", _contact("the name cannot be resolved", "Check ansible_host, and the name service")),
    ("gaierror", _contact("the name cannot be resolved", "Check ansible_host, and the name service")),
    ("ConnectionRefusedError", _contact("the connection was refused", _REACH)),
    ("ConnectTimeout", _contact("the host cannot be reached in time", _REACH)),
    ("ReadTimeout", _contact("the host did not answer in time", _REACH)),
    ("NewConnectionError", _contact("the connection cannot be made", _REACH)),
    (
        "PermissionError",
        Fault("F12", Action.FAIL, "the host does not offer NTLM", "Choose another ansible_winrm_transport"),
    ),
    ("InvalidURL", Fault("F19", Action.FAIL, "this is no address", "Check ansible_host and ansible_winrm_path")),
    ("SpnegoError", replace(_contact("the authentication broke", _AS_ANSIBLE), row="F20")),
    ("ParseError", FOREIGN),
    ("StopIteration", replace(_GONE, row="F18", text="PowerShell ended abnormally, without an exit code")),
    ("RequestException", _contact("the connection broke", _REACH)),
    ("OSError", _contact("the connection broke", _REACH)),
)


def classify(error: Exception, handled: BaseException | None = None) -> Fault:
    """The fault that an exception of pywinrm, requests or their helpers stands for.

    ``handled``: what was being handled when the operation began, which therefore is no cause of the error.
    """
    own = _names(error)
    if "WSManFaultError" in own:
        return _by_code(error)
    if "WinRMTransportError" in own:
        status = int(getattr(error, "code", 0))
        return _BY_STATUS.get(status, replace(_UNKNOWN_CODE, text=f"the answer has HTTP status {status}"))
    chain = list(_chain(error, handled))
    for link in chain:
        if isinstance(link, Recognised):
            return link.fault
        if (specific := _BY_VERIFY_CODE.get(getattr(link, "verify_code", 0))) is not None:
            return specific
    names = set().union(*map(_names, chain))
    known = next((fault for name, fault in _BY_CLASS if name in names), None)
    stumbled = f"{FOREIGN.text} ({type(error).__name__})"
    return known or replace(FOREIGN, action=Action.RESUME, text=stumbled)


def _by_code(error: Exception) -> Fault:
    """Quotas may be told only in the WMI error (winrm facts F7)."""
    codes = [getattr(error, name, None) for name in ("wsman_fault_code", "wmierror_code")]
    known = next((_BY_CODE[code] for code in codes if code in _BY_CODE), None)
    reason = getattr(error, "reason", "")
    return known or replace(_UNKNOWN_CODE, text=f"the service answered with fault {codes[0] or codes[1]}: {reason}")


def _names(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _chain(error: BaseException, handled: BaseException | None) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None and link is not handled:
        yield link
        link = link.__cause__ or link.__context__
