# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kerberos tickets for one connection: got by kinit into a private cache, or there already (winrm facts 2)."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .faults import NO_SERVICE_TICKET, Action, Fault, Recognised

#: Seconds for kinit; its own tries with every KDC of a realm take less.
KINIT_TIMEOUT = 60.0
_CACHE_VARIABLE = "KRB5CCNAME"
_EXCERPT = 300
#: The Kerberos library finds its cache through the environment of the whole process; lanes have a cache each.
_environment_lock = threading.Lock()


@dataclass(frozen=True)
class Kinit:
    """How tickets are got. ``arguments``: as in a shell; where there are none, ``-f`` for a ticket to be delegated.

    ``variables``: names of environment variables that kinit may see; besides PATH there are none. ``directory``: for
    the cache; None: that of temporary files.
    """

    principal: str
    password: str | None = field(default=None, repr=False)
    command: str = "kinit"
    arguments: str | None = None
    delegation: bool = False
    variables: tuple[str, ...] = ()
    directory: str | None = None

    def line(self) -> list[str]:
        """The command line, which never holds the password."""
        given = shlex.split(self.arguments or "")
        return [self.command, *(given or (["-f"] if self.delegation else [])), self.principal]

    def environment(self, cache: Path) -> dict[str, str]:
        passed = {name: os.environ[name] for name in self.variables if name in os.environ}
        return {**passed, "PATH": os.environ.get("PATH", os.defpath), _CACHE_VARIABLE: f"FILE:{cache}"}


class Tickets:
    """Those that exist already: the cache is the one that every other program of the user finds, too."""

    def guard(self, authentication: Any) -> None:
        """Takes the authentication of a new session (requests-kerberos): what goes wrong there is told by its code."""
        ask, prove = authentication.generate_request_header, authentication.authenticate_server

        def asking(response: Any, host: Any, **keywords: Any) -> Any:
            with self.at_hand():
                try:
                    return ask(response, host, **keywords)
                except Exception as cause:
                    if (fault := _told(cause, refused=response is not None)) is None:
                        raise
                    raise Recognised(fault) from cause

        def proving(response: Any) -> bool:
            proven = bool(prove(response))
            self.judged(refused=not proven)  # a host takes tickets that expired minutes ago, the library does not
            return proven

        authentication.generate_request_header, authentication.authenticate_server = asking, proving

    @contextmanager
    def at_hand(self) -> Iterator[None]:
        """The library looks for tickets in the right cache while this lasts."""
        yield

    def judged(self, refused: bool) -> None:
        """The host has looked at a ticket, or the library at what the host made of it."""

    def forget(self) -> None:
        """Takes away what was made; safe to call at any time, any number of times."""


class ManagedTickets(Tickets):
    """Those that kinit gets when they are first needed, and once more in a new session after they were of no use.

    A kinit that failed is not tried again: accounts lock out.
    """

    def __init__(self, kinit: Kinit) -> None:
        self.kinit = kinit
        self._directory: Path | None = None
        self._fresh = False
        self._useless = False
        self._failure: Fault | None = None

    def guard(self, authentication: Any) -> None:
        self._fresh = self._fresh and not self._useless
        super().guard(authentication)

    @contextmanager
    def at_hand(self) -> Iterator[None]:
        if not self._fresh:
            self._obtain()
            self._fresh, self._useless = True, False
        try:
            with _environment(_CACHE_VARIABLE, f"FILE:{self._cache()}"):
                yield
        except Recognised as error:
            self._useless = error.fault.refuses_login
            raise

    def judged(self, refused: bool) -> None:
        self._useless = refused

    def forget(self) -> None:
        directory, self._directory, self._fresh = self._directory, None, False
        if directory:
            shutil.rmtree(directory, ignore_errors=True)

    def _obtain(self) -> None:
        if self._failure:
            raise Recognised(self._failure)
        try:
            obtain(self.kinit, self._cache())
        except Recognised as error:
            self._failure = error.fault
            raise

    def _cache(self) -> Path:
        """In a directory of its own that is closed to others, for kinit makes the file anew."""
        if self._directory is None:
            try:
                self._directory = Path(tempfile.mkdtemp(prefix="krb5cc-", dir=self.kinit.directory))
            except OSError as cause:
                raise Recognised(_no_place(cause)) from cause
        return self._directory / "tickets"


def obtain(kinit: Kinit, cache: Path) -> None:
    """Runs kinit once, with the password on its standard input. Raises Recognised."""
    try:
        status, said = _run(kinit, cache)
    except OSError as cause:
        raise Recognised(_no_program(kinit.command, cause.strerror or str(cause))) from cause
    except subprocess.TimeoutExpired:
        raise Recognised(_failed(f"{kinit.command} did not end within {KINIT_TIMEOUT:.0f} seconds")) from None
    if status:
        told = _redacted(said, kinit.password) or f"status {status}"
        raise Recognised(_failed(f"{kinit.command} got no ticket for {kinit.principal}: {told}"))
    try:
        cache.chmod(0o600)
    except FileNotFoundError as cause:
        text = f"{kinit.command} left no ticket in the cache that its variable {_CACHE_VARIABLE} names"
        raise Recognised(replace(_failed(text), remedy="Take -c out of ansible_winrm_kinit_args")) from cause


def _run(kinit: Kinit, cache: Path) -> tuple[int, str]:
    """Exit status and what it said. In a session of its own it cannot ask at a terminal."""
    secret = (kinit.password or "").encode("utf-8", "surrogateescape")
    with subprocess.Popen(
        kinit.line(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=kinit.environment(cache),
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(secret + b"\n", timeout=KINIT_TIMEOUT)
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    prompted = [line for line in out.decode("utf-8", "replace").splitlines() if not line.rstrip().endswith(":")]
    return process.returncode, " ".join([*prompted, err.decode("utf-8", "replace")])


def _redacted(said: str, password: str | None) -> str:
    clear = said.replace(password, "<redacted>") if password else said
    return " ".join(clear.split())[:_EXCERPT]


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """Changes the environment of the process, for as long as no other thread wants it otherwise."""
    with _environment_lock:
        before = os.environ.get(name)
        os.environ[name] = value
        try:
            yield
        finally:
            os.environ.pop(name, None)
            if before is not None:
                os.environ[name] = before


def _told(error: Exception, refused: bool) -> Fault | None:
    """What its codes say. After a refusal by the host others than the known ones say less than the refusal itself."""
    codes = list(_codes(error))
    known = next((_BY_CODE[code] for code in codes if code in _BY_CODE), None)
    if known or refused or not codes:
        return known
    said = " ".join(str(error).split())[:_EXCERPT]
    return replace(NO_SERVICE_TICKET, text=f"{NO_SERVICE_TICKET.text}: {said}")


def _codes(error: BaseException) -> Iterator[int]:
    """Of every error of GSSAPI in the chain, whose arguments are (text, code) twice: the minor code, then the major."""
    link: BaseException | None = error
    pairs = []
    while link is not None:
        if type(link).__name__ == "GSSError":
            pairs += [each[1] & 0xFFFFFFFF for each in reversed(link.args) if isinstance(each, tuple)]
        link = link.__cause__ or link.__context__
    yield from pairs


def _no_program(command: str, why: str) -> Fault:
    return Fault(
        "F12",
        Action.FAIL,
        f"{command}, which gets Kerberos tickets, cannot be run: {why}",
        "Install it (Debian: krb5-user, Red Hat: krb5-workstation), set ansible_winrm_kinit_cmd, or get a ticket "
        "before the run and set ansible_winrm_kinit_mode to manual",
    )


def _no_place(cause: OSError) -> Fault:
    where = f"{cause.filename}: {cause.strerror}"
    return Fault(
        "F12", Action.FAIL, f"there is no place for Kerberos tickets: {where}", "Make room for temporary files"
    )


def _failed(text: str) -> Fault:
    return Fault(
        "F12",
        Action.FAIL,
        f"{text} (tried once, so that the account is not locked out)",
        "Check ansible_user (user@REALM, the realm in capitals), ansible_password, krb5.conf, and the clock",
    )


_CLOCK = "Set the clock of this machine, of the host and of the domain controller to the same time"
_NEW_TICKET = "Run kinit, or set ansible_password, so that a ticket is got for each run"
_NO_TICKET = Fault("F12", Action.REPEAT, "there is no Kerberos ticket of the user", _NEW_TICKET)
_EXPIRED = Fault("F12", Action.REPEAT, "the Kerberos ticket has expired", _NEW_TICKET)
_NO_KDC = Fault(
    "F19",
    Action.RESUME,
    "no domain controller (KDC) of the realm can be reached",
    "Check the realm in ansible_user, krb5.conf, the name service, and the firewall (port 88)",
    tries=8,
)


#: Minor codes are those of krb5.h as unsigned numbers, major ones those of RFC 2744.
_BY_CODE: dict[int, Fault] = {
    -1765328377 & 0xFFFFFFFF: Fault(
        "F12",
        Action.REPEAT,
        "the realm does not know the service on this host",
        "Use the name of the host in its domain as ansible_host, or set ansible_winrm_kerberos_hostname_override to it "
        "(and ansible_winrm_service, where it is not HTTP)",
    ),
    **dict.fromkeys((-1765328352 & 0xFFFFFFFF, 11 << 16), _EXPIRED),
    **dict.fromkeys(
        (-1765328351 & 0xFFFFFFFF, -1765328347 & 0xFFFFFFFF),
        replace(_EXPIRED, text="the clocks differ, says Kerberos", remedy=_CLOCK),
    ),
    **dict.fromkeys((-1765328243 & 0xFFFFFFFF, -1765328189 & 0xFFFFFFFF, 7 << 16), _NO_TICKET),
    **dict.fromkeys((-1765328228 & 0xFFFFFFFF, -1765328230 & 0xFFFFFFFF), _NO_KDC),
}
