# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong between the controller and the runner, each kind a class with its facts as fields."""

from __future__ import annotations

from .channel import ChannelError


class ProcessEnded(ChannelError):
    """PowerShell ended before it was asked to. ``log``: the last lines that it printed, never what it was sent."""

    def __init__(self, message: str, exit_code: int | None, log: str) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.log = log


class AnswerOverdue(ChannelError):
    """A request was not answered in time; whether it was carried out is not known."""


class LanguageModeRefused(ChannelError):
    """PowerShell runs in Constrained Language Mode, in which the runner cannot work (winrm facts 3.2)."""


class RunnerMismatch(ChannelError):
    """The runner that answered is not the one that was sent."""


class LoginRefused(ChannelError):
    """The host was reached, and does not let the user in (winrm facts F12, F20)."""


class NoTicket(LoginRefused):
    """The user has no Kerberos ticket for the host, which was not even asked."""


class ShellRefused(ChannelError):
    """The host lets the user in, and starts no program for it (winrm facts F7 to F9)."""


class ShellLost(ChannelError):
    """The remote shell is gone, and the PowerShell process with it (winrm facts F2, F3, F18)."""


class RunnerError(Exception):
    """The runner answered hello, connect or the like with an error; its codes are those of docs/wire-protocol.md."""

    def __init__(self, op: str, code: str, type_name: str, text: str) -> None:
        super().__init__(f"{op}: {text or type_name or code}")
        self.code = code
        self.type_name = type_name
        self.text = text
