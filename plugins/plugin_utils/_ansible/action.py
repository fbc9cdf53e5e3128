# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every action of the collection has in common: options in, a result or one clear failure out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timezone
from traceback import format_exception
from typing import Any, ClassVar

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.vars import load_extra_vars

from .._access.desired import AccountsUnknown, InputError
from .._access.journal import JournalError
from .._exchange.failures import Failure, FailureClass
from .._exchange.powershell import failure_of
from .._exchange.session import SessionError, SessionLost
from .._remote.channel import ChannelError
from .._remote.redaction import redacted
from .._snapshot.source import Source
from .arguments import ArgumentSpec, validated
from .interruption import interruptible
from .progress import ProgressWatch
from .secrecy import crash_of, password_of, secrets_of, without
from .snapshots import marked, source_of
from .variables import check_typed, misspelt_in


class CollectionAction(ActionBase):
    """A task of the collection; subclasses say what it takes and does."""

    _supports_check_mode = True
    _supports_async = False

    ARGUMENTS: ClassVar[ArgumentSpec] = {}

    def perform(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """The result for valid options; may raise any error of the collection."""
        raise NotImplementedError

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Called by ansible. The one place where errors become a failure of the task."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        secrets = secrets_of(self.ARGUMENTS, self._task.args) | password_of(self._connection)
        try:
            secrets |= self._secrets_of_environment()
            options = self.prepared(validated(self.ARGUMENTS, self.arguments()))
            result.update(in_words_of(NOTHING_FAILED), **self.perform(options, task_vars or {}))
        except InputError as error:
            failure = Failure(FailureClass.INPUT)
            result.update(failed(_sentence(error.faults), failure), errors=list(error.faults))
        except (SessionError, SessionLost, AccountsUnknown) as error:
            result.update(failed(str(error), error.failure))
        except ChannelError as error:
            result.update(failed(str(error), failure_of(error, started=False)))
        except JournalError as error:
            result.update(failed(str(error), Failure(FailureClass.JOURNAL)))
        except AnsibleError as error:
            result.update(failed(str(error), Failure(FailureClass.INPUT)))
        except Exception as error:  # a fault of the collection: nothing may hand its words on as they are
            result.update(failed(crash_of(error, secrets), Failure(FailureClass.INTERNAL)))
            result["exception"] = redacted("".join(format_exception(error)), secrets)
        result.update(self.named(result, task_vars or {}))
        return without(result, secrets)

    def prepared(self, options: dict[str, Any]) -> dict[str, Any]:
        """Valid options as ``perform`` takes them."""
        return options

    def named(self, result: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """What a result says otherwise, so that nobody takes its failure for another's."""
        return {}

    def arguments(self) -> Mapping[str, Any]:
        """The options as the task gives them."""
        return dict(self._task.args)

    def environment(self) -> dict[str, str]:
        """Environment variables of the controller, overlaid by the task's own ``environment``."""
        merged = dict(os.environ)
        for layer in self._task.environment or []:
            templated = self._templar.template(layer)
            if isinstance(templated, Mapping):
                merged.update({str(name): str(value) for name, value in templated.items()})
        return merged

    def _secrets_of_environment(self) -> set[str]:
        names = [f"EXCHANGE_ONLINE_{name.upper()}" for name, one in self.ARGUMENTS.items() if one.get("no_log")]
        environment = self.environment()
        values = {environment.get(name, "") for name in names}
        return {text for value in values for text in (value, value.strip()) if text}


class ExchangeAction(CollectionAction):
    """A task that signs in, and so runs once for all hosts of the play (ansible facts 4.4)."""

    BYPASS_HOST_LOOP = True
    #: What the task works on instead of a real organisation.
    source: Source | None = None

    def prepared(self, options: dict[str, Any]) -> dict[str, Any]:
        """With the option ``snapshot`` as the content of its file. A misspelt -e is refused before anything is read:
        it may have meant a rehearsal."""
        check_typed(load_extra_vars(self._loader))
        self.source = source_of(options)
        return {**options, "snapshot": self.source} if self.source else options

    def named(self, result: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """A failure of the run is told apart from one of the first host, and a rehearsal from a run that counts."""
        told = self._of_whole_run(result, task_vars)
        misspelt = list(misspelt_in(task_vars))
        if misspelt:
            told["warnings"] = [*result.get("warnings", ()), *misspelt]
        if self.source is None:
            return told
        return {**told, **marked({**result, **told}, self.source, datetime.now(timezone.utc))}

    def _of_whole_run(self, result: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """ansible prints a failure of the run as one of the first host; its first words say otherwise."""
        if result.get("failure_class", "") in (FailureClass.NONE.value, FailureClass.MAILBOXES.value):
            return {}
        many = self._task.delegate_to or len(task_vars.get("ansible_play_batch") or ()) > 1
        whole = f"Whole run, not {task_vars.get('inventory_hostname')}" if many else "Whole run"
        told: dict[str, Any] = {"msg": f"{whole}: {result['msg']}"}
        if "verdict" in result:
            told["verdict"] = {**result["verdict"], "msg": told["msg"]}
        return told

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """As every action; signs out where the run is interrupted (docs/interrupts.md)."""
        with interruptible():
            return super().run(tmp, task_vars)

    def watch(self) -> ProgressWatch:
        """Progress that shows while the task runs (ansible facts 0.2)."""
        display = Display()
        return ProgressWatch(lambda line: display.display(f"{self._task.action.rpartition('.')[2]}: {line}"))


NOTHING_FAILED = Failure(FailureClass.NONE, retry_safe=True)


def in_words_of(failure: Failure) -> dict[str, Any]:
    """What every result says, so that a pipeline can decide by it."""
    return {"failure_class": failure.kind.value, "retry_safe": failure.retry_safe}


def failed(message: str, failure: Failure) -> dict[str, Any]:
    """The result of a task that failed as a whole."""
    return {"failed": True, "msg": message, **in_words_of(failure)}


def _sentence(faults: tuple[str, ...]) -> str:
    """All that is wrong with the input, the first few in full."""
    shown = "; ".join(faults[:10])
    more = f"; and {len(faults) - 10} more, see errors" if len(faults) > 10 else ""
    return f"{shown}{more}"
