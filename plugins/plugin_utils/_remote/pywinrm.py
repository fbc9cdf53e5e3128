# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pywinrm library: whether it is there and new enough, its options, and what its connection costs."""

from __future__ import annotations

import re
import shlex
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .channel import ChannelError, ChannelStatistics
from .kerberos import Kinit, ManagedTickets, Tickets

_MINIMUM = (0, 5, 0)
#: What a transport needs beside pywinrm: the flag that tells, and what to install.
_EXTRAS = {
    "ntlm": ("HAVE_NTLM", "requests-ntlm"),
    "kerberos": ("HAVE_KERBEROS", "'pywinrm[kerberos]'"),
    "credssp": ("HAVE_CREDSSP", "'pywinrm[credssp]'"),
}
_TRANSPORTS = ("basic", "certificate", "credssp", "kerberos", "ntlm", "plaintext", "ssl")
_EXCERPT = 120
#: Arguments of pywinrm that it does not use.
_UNUSED = frozenset({"realm", "keytab"})
#: A Receive must end in time for the next ping; another follows it anyway.
_LONGEST_OPERATION = 30
_TRUTH = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}


@dataclass(frozen=True)
class WinRMOptions:
    """The arguments of ``winrm.Protocol``, by the same names, and with defaults that no environment variable changes.

    ``ca_trust_path`` None: the authorities that come with Python's certifi. ``proxy`` None: no proxy. What begins with
    ``kinit_`` is for :class:`~.kerberos.Kinit`.
    """

    endpoint: str
    transport: str = "ntlm"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    service: str = "HTTP"
    ca_trust_path: str | None = None
    cert_pem: str | None = None
    cert_key_pem: str | None = None
    server_cert_validation: str = "validate"
    kerberos_delegation: bool = False
    kerberos_hostname_override: str | None = None
    operation_timeout_sec: int = 20
    read_timeout_sec: int = 30
    message_encryption: str = "auto"
    credssp_disable_tlsv1_2: bool = False
    send_cbt: bool = True
    proxy: str | None = None
    kinit_mode: str | None = None
    kinit_cmd: str = "kinit"
    kinit_args: str | None = None
    kinit_env_vars: tuple[str, ...] = ()
    kinit_directory: str | None = None

    @property
    def where(self) -> str:
        """The far end as a message names it."""
        parts = urlsplit(self.endpoint)
        user = f", user {self.username}" if self.username else ""
        return f"{parts.netloc.rpartition('@')[2]} ({parts.scheme}, transport {self.transport}{user})"

    @property
    def encrypts(self) -> bool:
        """Whether the connection itself does."""
        return self.endpoint.lower().startswith("https:")

    @property
    def by_certificate(self) -> bool:
        return self.transport == "certificate" or (self.transport == "ssl" and bool(self.cert_pem or self.cert_key_pem))

    @property
    def manages_tickets(self) -> bool:
        """Whether kinit is run: as ansible decides it, where nothing is said of it."""
        given = self.kinit_mode or ("managed" if self.username and self.password else "manual")
        return self.transport == "kerberos" and given == "managed"

    def of_protocol(self) -> dict[str, Any]:
        """The arguments of ``winrm.Protocol``."""
        return {name: value for name, value in asdict(self).items() if not name.startswith("kinit_")}

    def tickets(self) -> Tickets:
        if not self.manages_tickets:
            return Tickets()
        return ManagedTickets(
            Kinit(
                str(self.username),
                None if self.password is None else str(self.password),  # from a vault it is no str yet
                self.kinit_cmd,
                self.kinit_args,
                self.kerberos_delegation,
                self.kinit_env_vars,
                self.kinit_directory,
            )
        )


def options_of(given: Mapping[str, Any]) -> WinRMOptions:
    """Takes texts for numbers and truth values, as inventories hold them. Raises ChannelError for any other value,
    and for a name that is not one of the options."""
    kinds = {each.name: each.type for each in fields(WinRMOptions)}
    unknown = sorted(set(given) - set(kinds) - _UNUSED)
    if unknown:
        raise ChannelError(f"pywinrm has no option ansible_winrm_{', ansible_winrm_'.join(unknown)}")
    values = {name: _valued(name, kinds[name], value) for name, value in given.items() if name not in _UNUSED}
    options = WinRMOptions(**values)
    return replace(options, operation_timeout_sec=min(options.operation_timeout_sec, _LONGEST_OPERATION))


def _valued(name: str, kind: object, value: Any) -> Any:
    try:
        if kind == "bool":
            return _TRUTH[str(value).lower()]
        return int(value) if kind == "int" else value
    except (ValueError, KeyError) as cause:
        raise ChannelError(f"ansible_winrm_{name} cannot be {value!r}") from cause


def refusal(options: WinRMOptions) -> str | None:
    """Why these options cannot work, or must not, before anything is sent; None if nothing speaks against them."""
    if options.transport not in _TRANSPORTS:
        return f"ansible_winrm_transport is none of {', '.join(_TRANSPORTS)}"
    if options.by_certificate:
        return _refused_certificate(options)
    if options.transport in ("basic", "plaintext", "ssl") and not options.encrypts:
        return (
            "this transport would send the password and the sign-in to Exchange in plain text over http; "
            "set ansible_winrm_scheme to https, or ansible_winrm_transport to ntlm or kerberos"
        )
    if options.message_encryption == "never" and not options.encrypts:
        return (
            "the sign-in to Exchange would go in plain text over http; set ansible_winrm_message_encryption to auto, "
            "or ansible_winrm_scheme to https"
        )
    why = _refused_kerberos(options) if options.transport == "kerberos" else _refused_password(options)
    if why:
        return why
    if not 1 <= options.operation_timeout_sec < options.read_timeout_sec:
        return "ansible_winrm_read_timeout_sec must be greater than ansible_winrm_operation_timeout_sec"
    return None


def _refused_password(options: WinRMOptions) -> str | None:
    if not options.username:
        return "this transport needs a user name; set ansible_user"
    if options.password is None:
        return "this transport needs a password; set ansible_password"
    return None


def _refused_kerberos(options: WinRMOptions) -> str | None:
    if options.kinit_mode not in (None, "managed", "manual"):
        return "ansible_winrm_kinit_mode is neither managed nor manual"
    if not options.manages_tickets:
        return None
    if not options.username:
        return "kinit needs a user name; set ansible_user, or ansible_winrm_kinit_mode to manual"
    if options.username.startswith("-"):
        return "kinit would take the user name for an option; check ansible_user"
    try:
        shlex.split(options.kinit_args or "")
    except ValueError as cause:
        return f"ansible_winrm_kinit_args cannot be read ({cause})"
    return None


def _refused_certificate(options: WinRMOptions) -> str | None:
    if not options.encrypts:
        return "client certificates need TLS; set ansible_winrm_scheme to https"
    for name in ("cert_pem", "cert_key_pem"):
        path = getattr(options, name)
        if not path:
            return f"this transport needs a client certificate; set ansible_winrm_{name}"
        if not Path(path).is_file():
            return f"there is no file {path} (ansible_winrm_{name})"
    return None


def connect(options: WinRMOptions, statistics: ChannelStatistics) -> tuple[Any, Callable[[], str], Tickets]:
    """A ``winrm.Protocol`` that has not sent anything yet, and a function that gives the beginning of a foreign answer.

    The tickets are to be forgotten at the end. Raises ChannelError if pywinrm is missing or too old, lacks what the
    transport needs, or refuses the options.
    """
    why = refusal(options)
    if why:
        raise ChannelError(f"WinRM on {options.where}: {why}")
    winrm = _library()
    flag, package = _EXTRAS.get(options.transport, ("", ""))
    if flag and not getattr(winrm.transport, flag):
        raise ChannelError(f"Transport {options.transport} needs more Python packages: {_install(package)}")
    try:
        protocol = winrm.Protocol(**options.of_protocol())
    except (winrm.exceptions.WinRMError, ValueError) as cause:
        raise ChannelError(f"WinRM on {options.where}: pywinrm refuses the options: {cause}") from cause
    tickets = options.tickets()
    return protocol, _instrument(protocol.transport, statistics, tickets), tickets


def _library() -> Any:
    try:
        import winrm
        import winrm.exceptions
        import winrm.transport
    except ImportError as cause:
        raise ChannelError(f"The Python package pywinrm is missing: {_install()}") from cause
    found = _version()
    if not hasattr(winrm.exceptions, "WSManFaultError") or tuple(map(int, re.findall(r"\d+", found)[:3])) < _MINIMUM:
        raise ChannelError(f"The Python package pywinrm {found} is too old: {_install()}")
    return winrm


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("pywinrm")
    except PackageNotFoundError:
        return "0.0.0"


def _install(package: str = "'pywinrm>=0.5.0'") -> str:
    return f"run `pip install {package}` for the Python that runs Ansible ({sys.executable})"


class _Alone:
    """While a session is made: requests changes the environment of the process meanwhile, where no proxy is to be used,
    and other lanes would stumble over that."""

    _lock = threading.Lock()

    def __init__(self) -> None:
        self._held = False

    def __enter__(self) -> None:
        self._lock.acquire()
        self._held = True

    def __exit__(self, *error: object) -> None:
        self.end()

    def end(self) -> None:
        """May be called more than once."""
        if self._held:
            self._held = False
            self._lock.release()


def _instrument(transport: Any, statistics: ChannelStatistics, tickets: Tickets) -> Callable[[], str]:
    """Counts what goes over the wire, handshakes included, keeps the environment out of it, and sees to tickets.

    pywinrm makes a session, and sends its first message, in one go: so its two ways in are wrapped.
    """
    latest: list[Any] = []

    def prepared(session: Any) -> Any:
        if session.trust_env:
            session.trust_env = False  # no ~/.netrc for a transport without a password (winrm facts 1.1)
            session.max_redirects = 0  # nobody may send the messages, or what they hold, elsewhere
            for adapter in session.adapters.values():
                adapter.send = _counted(adapter.send, statistics, latest, tickets)
            if hasattr(session.auth, "generate_request_header"):
                tickets.guard(session.auth)
        return session

    build, set_up = transport.build_session, transport.setup_encryption
    alone = _Alone()

    def built() -> Any:
        with alone:
            return prepared(build())

    def set_up_alone(session: Any) -> Any:
        alone.end()  # from here on it sends messages, which may take their time
        return set_up(prepared(session))

    transport.build_session, transport.setup_encryption = built, set_up_alone
    return lambda: _excerpt(latest[0]) if latest else ""


def _counted(
    send: Callable[..., Any], statistics: ChannelStatistics, latest: list[Any], tickets: Tickets
) -> Callable[..., Any]:
    def sending(request: Any, *arguments: Any, **keywords: Any) -> Any:
        statistics.requests += 1
        statistics.bytes_sent += len(request.body or b"")
        response = send(request, *arguments, **keywords)
        # The body must not be read here: requests-ntlm looks at the socket first.
        statistics.bytes_received += int(response.headers.get("Content-Length", 0))
        latest[:] = [response]
        if "Authorization" in request.headers:
            tickets.judged(refused=response.status_code == 401)
        return response

    return sending


def _excerpt(response: Any) -> str:
    """The beginning of an answer that is no SOAP message: a page of a proxy, say. Never one of an envelope."""
    kind = response.headers.get("Content-Type", "")
    if "soap" in kind or "encrypted" in kind:
        return ""
    return " ".join(response.text[:_EXCERPT].split())
