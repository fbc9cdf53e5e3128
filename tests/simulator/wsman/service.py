# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WSMan service proper: what Create, Command, Send, Receive, Signal, Delete and Get of a shell do."""

from __future__ import annotations

import base64
import binascii
import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from .fault import Code, WsmanFault
from .injection import CloseCommand, CutSend, Effect, KillProcess, LoseShell
from .process import CommandLine, Output
from .shells import Command, Limits, Shell, Shells
from .soap import CMD, SHELL, Action, Message, response, seconds

#: cmd.exe does not run a longer line (winrm facts 3.1).
MAX_COMMAND_LINE = 8191
#: Room for the envelope around the base64 of the streams.
_ENVELOPE_OVERHEAD = 4096
_MINIMUM_TIMEOUT = 0.5
_WORD = re.compile(r'"([^"]*)"|(\S+)')
_STATE = f"{SHELL}/CommandState"
_SIGNAL = f"{SHELL}/signal"


@dataclass(frozen=True)
class Program:
    """What stands for an executable: the words to start it with (the caller's arguments follow), its environment."""

    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path | None = None


class Service:
    """Serves messages. ``programs`` maps the name of an executable, in lower case without ``.exe``, to what runs."""

    def __init__(self, programs: Mapping[str, Program], limits: Limits) -> None:
        self.shells = Shells(limits)
        self._limits = limits
        self._programs = {_program_name(name): program for name, program in programs.items()}
        self._handlers: dict[Action, Callable[[Message, str], str]] = {
            Action.CREATE: self._create,
            Action.COMMAND: self._command,
            Action.SEND: self._send,
            Action.RECEIVE: self._receive,
            Action.SIGNAL: self._signal,
            Action.DELETE: self._delete,
            Action.GET: self._get,
        }

    def serve(self, message: Message, user: str) -> bytes:
        """Gives the envelope of the answer; raises WsmanFault."""
        if message.resource != (SHELL if message.action is Action.GET else CMD):
            raise WsmanFault(Code.NOT_SUPPORTED)
        return response(message, self._handlers[message.action](message, user))

    def suffer(self, effect: Effect, message: Message, user: str) -> None:
        """Lets an injected effect happen to the shell that the message is for."""
        if isinstance(effect, LoseShell):
            self.shells.delete(message.shell_id, user)
            return
        if isinstance(effect, CutSend):
            _cut(message.one("rsp:Stream"), effect.share)
            return
        with self.shells.use(message.shell_id, user) as shell:
            if isinstance(effect, CloseCommand):
                shell.close_commands()
            for command in shell.commands.values():
                command.process.kill(lose_exit_code=not isinstance(effect, KillProcess))

    def _create(self, message: Message, user: str) -> str:
        idle = message.text("rsp:IdleTimeOut")
        environment = {each.get("Name", ""): each.text or "" for each in message.all("rsp:Environment/rsp:Variable")}
        shell = self.shells.create(user, environment, seconds(idle) if idle else None)
        return (
            "<x:ResourceCreated><a:Address>http://127.0.0.1/wsman</a:Address><a:ReferenceParameters>"
            f"<w:ResourceURI>{CMD}</w:ResourceURI>"
            f'<w:SelectorSet><w:Selector Name="ShellId">{shell.id}</w:Selector></w:SelectorSet>'
            f"</a:ReferenceParameters></x:ResourceCreated>{_describe(shell)}"
        )

    def _command(self, message: Message, user: str) -> str:
        words = (message.text("rsp:Command"), *(each.text or "" for each in message.all("rsp:Arguments")))
        console_mode = message.options.get("WINRS_CONSOLEMODE_STDIN", "TRUE").upper() == "TRUE"
        with self.shells.use(message.shell_id, user) as shell:
            line = self._command_line(" ".join(filter(None, words)), shell.environment)
            command = self.shells.start(shell, line, console_mode)
        return f"<rsp:CommandResponse><rsp:CommandId>{command.id}</rsp:CommandId></rsp:CommandResponse>"

    def _command_line(self, line: str, environment: Mapping[str, str]) -> CommandLine:
        words = [quoted or plain for quoted, plain in _WORD.findall(line)]
        if len(line) > MAX_COMMAND_LINE:
            return _cmd_says("The command line is too long.")
        program = self._programs.get(_program_name(words[0] if words else ""))
        if program is None:
            return _cmd_says(
                f"'{words[0] if words else ''}' is not recognized as an internal or external command,\r\n"
                "operable program or batch file."
            )
        return CommandLine((*program.words, *words[1:]), {**program.environment, **environment}, program.directory)

    def _send(self, message: Message, user: str) -> str:
        stream = message.one("rsp:Stream")
        try:
            data = base64.b64decode(stream.text or "", validate=True)
        except binascii.Error as error:
            raise WsmanFault(Code.SCHEMA) from error
        end = stream.get("End", "false").lower() in ("true", "1")
        with self.shells.use(message.shell_id, user) as shell:
            shell.command(stream.get("CommandId", "")).process.send(data, end, self._timeout(message))
        return "<rsp:SendResponse/>"

    def _receive(self, message: Message, user: str) -> str:
        command_id = message.one("rsp:DesiredStream").get("CommandId", "")
        size = min(message.max_envelope, self._limits.max_envelope_bytes)
        limit = max((size - _ENVELOPE_OVERHEAD) * 3 // 4, 1)
        with self.shells.use(message.shell_id, user) as shell:
            command = shell.command(command_id)
            output = command.process.receive(self._timeout(message), limit)
        return f"<rsp:ReceiveResponse>{_streams(command, output)}{_state(command, output)}</rsp:ReceiveResponse>"

    def _signal(self, message: Message, user: str) -> str:
        code = message.text("rsp:Code").lower()
        with self.shells.use(message.shell_id, user) as shell:
            command = shell.command(message.body.get("CommandId", ""))
            if code == f"{_SIGNAL}/terminate":
                command.process.close()
                del shell.commands[command.id]
            elif code in (f"{_SIGNAL}/ctrl_c", f"{_SIGNAL}/ctrl_break"):
                if command.console_mode:
                    command.process.interrupt()
            else:
                raise WsmanFault(Code.NOT_SUPPORTED)
        return "<rsp:SignalResponse/>"

    def _delete(self, message: Message, user: str) -> str:
        self.shells.delete(message.shell_id, user)
        return ""

    def _get(self, message: Message, user: str) -> str:
        with self.shells.use(message.shell_id, user) as shell:
            return _describe(shell)

    def _timeout(self, message: Message) -> float:
        return max(_MINIMUM_TIMEOUT, min(message.timeout, self._limits.max_timeout))


def _program_name(executable: str) -> str:
    return re.split(r"[\\/]", executable.lower())[-1].removesuffix(".exe")


def _cmd_says(text: str) -> CommandLine:
    script = f"import sys; sys.stderr.write({text!r} + '\\r\\n'); sys.exit(1)"
    return CommandLine((sys.executable, "-S", "-c", script), os.environ)


def _describe(shell: Shell) -> str:
    now = time.monotonic()
    return (
        f"<rsp:Shell><rsp:ShellId>{shell.id}</rsp:ShellId><rsp:ResourceUri>{CMD}</rsp:ResourceUri>"
        f"<rsp:Owner>{escape(shell.owner)}</rsp:Owner><rsp:ClientIP>127.0.0.1</rsp:ClientIP>"
        f"<rsp:IdleTimeOut>PT{shell.idle_timeout:.3f}S</rsp:IdleTimeOut><rsp:InputStreams>stdin</rsp:InputStreams>"
        "<rsp:OutputStreams>stdout stderr</rsp:OutputStreams><rsp:State>Connected</rsp:State>"
        f"<rsp:ShellRunTime>PT{now - shell.created:.0f}S</rsp:ShellRunTime>"
        f"<rsp:ShellInactivity>PT{now - shell.used:.0f}S</rsp:ShellInactivity></rsp:Shell>"
    )


def _cut(stream: Element, share: float) -> None:
    data = base64.b64decode(stream.text or "")
    stream.text = base64.b64encode(data[: int(len(data) * share)]).decode()


def _streams(command: Command, output: Output) -> str:
    parts = []
    for name, data in (("stdout", output.stdout), ("stderr", output.stderr)):
        if data:
            encoded = base64.b64encode(data).decode()
            parts.append(f'<rsp:Stream Name="{name}" CommandId="{command.id}">{encoded}</rsp:Stream>')
        if output.ended:
            parts.append(f'<rsp:Stream Name="{name}" CommandId="{command.id}" End="true"/>')
    return "".join(parts)


def _state(command: Command, output: Output) -> str:
    if not output.ended:
        return f'<rsp:CommandState CommandId="{command.id}" State="{_STATE}/Running"/>'
    code = "" if output.exit_code is None else f"<rsp:ExitCode>{output.exit_code}</rsp:ExitCode>"
    return f'<rsp:CommandState CommandId="{command.id}" State="{_STATE}/Done">{code}</rsp:CommandState>'
