# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session that is a PowerShell process: started, signed in to Exchange Online, fed with cmdlets, signed out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from .._remote.bootstrap import launch
from .._remote.channel import Channel, ChannelError
from .._remote.errors import (
    AnswerOverdue,
    LanguageModeRefused,
    LoginRefused,
    ProcessEnded,
    RunnerError,
    RunnerMismatch,
    ShellRefused,
)
from .._remote.frames import Reply
from .._remote.rpc import PATIENCE, RpcClient
from .deadline import Deadline
from .failures import Failure, FailureClass
from .session import WRITERS, Answer, Call, CmdletError, SessionError, SessionInfo, SessionLost
from .sign_in_errors import may_pass, remedy

#: The first with Disconnect-ExchangeOnline by connection; AccessToken came one earlier (exchange facts 6.3).
MINIMUM_MODULE = "3.2.0"

_IMPORT = (
    "import the certificate with its private key into LocalMachine\\My of the PowerShell host and let that user read "
    "the key, or use certificate_file"
)
#: Signing in takes 5 to 20 seconds (exchange facts 6.4); one that asks somebody for a password never ends.
SIGN_IN_PATIENCE = 300.0
HANGS = (
    "Signing in hangs: let the PowerShell host reach login.microsoftonline.com and outlook.office365.com, and check "
    "app_id, organization and the certificate, without which the module may wait for somebody to sign in"
)

#: What to do about the errors of the runner's own, by code.
REMEDIES = {
    "module_missing": "Run Install-Module ExchangeOnlineManagement -Scope AllUsers there",
    "module_too_old": "Run Update-Module ExchangeOnlineManagement there",
    "certificate_not_found": f"Check certificate_thumbprint, and {_IMPORT}",
    "certificate_key_missing": f"Please {_IMPORT}",
    "certificate_key_unusable": "Let that user read the key; a key of a CNG provider must be made again with "
    "-KeySpec KeyExchange. A network logon cannot use keys of CurrentUser: use LocalMachine, or certificate_file",
    "certificate_unreadable": "Check certificate_password, and that certificate_file is a PKCS#12 (.pfx) file",
}
#: Seconds after the deadline of a run in which what is under way may still be answered.
GRACE = 60.0
ROLE = (
    "The Exchange role Mail Recipients carries them: it is in the role groups Recipient Management and Organization "
    "Management, and comes with the Entra role Exchange Administrator"
)


class PowerShellSession:
    """See :class:`~.session.Session`. ``rpc`` and ``channel`` are the statistics of both.

    ``patience``: seconds in which a cmdlet must answer.
    """

    def __init__(self, client: RpcClient, channel: Channel, info: SessionInfo, patience: float = PATIENCE) -> None:
        self.info = info
        self.rpc = client.statistics
        self.channel = channel.statistics
        self._client = client
        self._patience = patience

    @classmethod
    def open(
        cls,
        channel: Channel,
        executable: str,
        sign_in: Mapping[str, str],
        cmdlets: Mapping[str, Sequence[str]],
        *,
        read_only: bool,
        environment: str = "",
        minimum_module: str = MINIMUM_MODULE,
        optional: Mapping[str, Sequence[str]] | None = None,
        patience: float = PATIENCE,
        deadline: Deadline | None = None,
        speak: Callable[[Channel, Callable[[Mapping[str, Any]], bool]], RpcClient] = RpcClient,
    ) -> PowerShellSession:
        """Starts PowerShell and signs in. ``sign_in`` and ``cmdlets``: as in docs/wire-protocol.md, op ``connect``.

        ``optional``: more cmdlets, used where the role grants them. ``speak``: makes the client of the wire protocol.
        Raises SessionError, with everything closed again, also if another cmdlet is missing that was asked for.
        """
        client = speak(channel, _writes)
        client.give_up_after((deadline or Deadline()).left + GRACE)
        hello: Mapping[str, Any] = {}
        try:
            hello = client.start(executable, launch(executable), read_only)
            connect = connect_fields(sign_in, {**(optional or {}), **cmdlets}, environment, minimum_module)
            connection = client.request("connect", SIGN_IN_PATIENCE, **connect)
            missing = [one for one in connection.get("missing") or () if one.split()[0] not in (optional or {})]
            if missing:
                raise SessionError(_missing(missing, sign_in), Failure(FailureClass.PERMISSION))
            return cls(client, channel, SessionInfo(hello, connection, channel.place), patience)
        except RunnerError as cause:
            client.close()
            raise SessionError(_sentences(*explained(cause, hello, sign_in)), failure_of_refusal(cause)) from cause
        except ChannelError as cause:
            client.close()
            hint = HANGS if hello and isinstance(cause, AnswerOverdue) else ""
            raise SessionError(_sentences(str(cause), hint), failure_of(cause, bool(hello))) from cause
        except BaseException:
            client.close()
            raise

    def invoke(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer]]:
        """SessionLost lists the calls that were taken from ``calls`` and not answered; the rest was not taken."""
        taken: dict[int, Call] = {}

        def requests() -> Iterator[tuple[int, dict[str, Any]]]:
            for number, call in enumerate(calls):
                taken[number] = call
                yield number, _request(call)

        try:
            with closing(self._client.stream(requests(), self._patience)) as replies:
                for number, reply in replies:
                    yield taken.pop(number), _answer(reply)
        except ChannelError as cause:
            overdue = isinstance(cause, AnswerOverdue)
            raise SessionLost(str(cause), tuple(taken.values()), _LOST, overdue) from cause

    def keep_alive(self) -> None:
        """To be called at least once in 30 seconds while nothing is invoked; PowerShell ends after 60 in silence."""
        try:
            self._client.keep_alive()
        except ChannelError as cause:
            raise SessionLost(str(cause)) from cause

    def close(self) -> None:
        """Signs out and ends PowerShell; never raises."""
        self._client.close()


_LOST = Failure(FailureClass.SESSION_LOST, retry_safe=True)


def failure_of(error: ChannelError, started: bool) -> Failure:
    """What an error of the channel ends. ``started``: PowerShell was there already."""
    if isinstance(error, LoginRefused):
        return Failure(FailureClass.HOST_LOGIN)
    if isinstance(error, ShellRefused):
        return Failure(FailureClass.HOST_SHELL, error.may_pass)
    if isinstance(error, (LanguageModeRefused, RunnerMismatch)):
        return Failure(FailureClass.POWERSHELL)
    if started:
        return Failure(FailureClass.SIGN_IN) if isinstance(error, AnswerOverdue) else _LOST
    if isinstance(error, (ProcessEnded, AnswerOverdue)):
        return Failure(FailureClass.POWERSHELL, error.may_pass)
    return Failure(FailureClass.HOST_UNREACHABLE, error.may_pass)


def failure_of_refusal(error: RunnerError) -> Failure:
    """What the runner answered to ``hello`` or ``connect``."""
    if error.code != "connect_failed":
        return Failure(FailureClass.POWERSHELL)
    return Failure(FailureClass.SIGN_IN, may_pass(error.type_name, error.text))


def _writes(fields: Mapping[str, Any]) -> bool:
    return fields.get("cmdlet") in WRITERS


def connect_fields(
    sign_in: Mapping[str, str],
    cmdlets: Mapping[str, Sequence[str]],
    environment: str = "",
    minimum_module: str = MINIMUM_MODULE,
) -> dict[str, Any]:
    """The fields of the op ``connect``."""
    fields: dict[str, Any] = {
        "minimum_module": minimum_module,
        "cmdlets": {name: list(parameters) for name, parameters in cmdlets.items()},
        "sign_in": dict(sign_in),
    }
    return {**fields, "environment": environment} if environment else fields


def _request(call: Call) -> dict[str, Any]:
    return {
        "op": "invoke",
        "cmdlet": call.cmdlet,
        "parameters": dict(call.parameters),
        "select": list(call.select),
    }


def _answer(reply: Reply) -> Answer:
    """An answer that lacks what it must have is an error, never an empty result (design section 4, rule 1)."""
    body = reply.body
    warnings = tuple(str(text) for text in body.get("warnings") or ())
    milliseconds = int(body.get("ms") or 0)
    if not reply.ok:
        return Answer(warnings=warnings, error=_error(body.get("error")), milliseconds=milliseconds)
    rows = body.get("rows")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return Answer(warnings=warnings, error=CmdletError("the runner answered without rows", code="internal"))
    return Answer(tuple(rows), warnings, milliseconds=milliseconds)


def _error(error: object) -> CmdletError:
    fields = error if isinstance(error, dict) else {}
    return CmdletError(**{name: str(fields.get(name) or "") for name in ("text", "type", "code", "category", "fqid")})


def explained(error: RunnerError, hello: Mapping[str, Any], sign_in: Mapping[str, str]) -> tuple[str, str]:
    """Why ``connect`` was refused, and what to do about it; the latter is empty for an error that is not known."""
    place = f"PowerShell on {hello.get('host', 'the host')} (user {hello.get('user', 'unknown')})"
    if error.code == "connect_failed":
        who = f"application {sign_in['app_id']}" if sign_in.get("app_id") else sign_in.get("way", "")
        what = f"{place} could not sign in to Exchange Online ({who}, organization {sign_in.get('organization')})"
        _row, advice = remedy(error.type_name, error.text)
        return f"{what}: {_short(error.text or error.type_name)}", advice
    return f"{place}: {_short(error.text or error.code)}", REMEDIES.get(error.code, "")


def _missing(missing: Sequence[str], sign_in: Mapping[str, str]) -> str:
    who = f"The application {sign_in['app_id']}" if sign_in.get("app_id") else "The identity that signed in"
    what = f"{who} may not use {', '.join(missing)} in {sign_in.get('organization')}"
    writers = sorted(name for name in WRITERS if any(part.split()[0] == name for part in missing))
    audit = "An audit (check mode) needs only the cmdlets that read" if writers else ""
    return _sentences(what, ROLE, audit)


def _short(text: str) -> str:
    """The first line: what follows is trace and correlation ids."""
    return (text.strip().splitlines() or [""])[0][:400].rstrip(". ")


def _sentences(*parts: str) -> str:
    return ". ".join(part for part in parts if part)
