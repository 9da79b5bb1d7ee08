# Copyright GovCloud contributors. SPDX-License-Identifier: Apache-2.0
"""Ansible's side of a run: every result as one line of JSON, for `govcloud` to read.

Loaded by `ansible-playbook`, never imported by us, and so free of our own modules. Ansible imports every file of a
callback folder: name one that holds this file (or a link to it) alone. `ANSIBLE_CALLBACKS_ENABLED=ansible_callback`
adds it to the usual output, `ANSIBLE_STDOUT_CALLBACK=ansible_callback` puts it in its place. Lines go to the file,
named pipe or inherited descriptor (`fd:N`) in `GOVCLOUD_ANSIBLE_EVENTS`; without it, to standard output.

    {"event": "play",  "play": "Baseline"}
    {"event": "task",  "role": "baseline", "task": "Write the sshd settings"}        a task starts (handlers too)
    {"event": "ok" | "changed" | "failed" | "unreachable" | "skipped", "host": "border", "role": "baseline",
     "task": "...", "seconds": 0.04, "changed": true, "message": "...", "diff": ["+10 -2 /etc/hosts"]}
    {"event": "stats", "host": "border", "ok": 12, "changed": 3, "failures": 0, "unreachable": 0, "skipped": 1}

Task arguments are never written. `message` is empty unless something failed or a command told what deviates; a task
with `no_log` has neither message nor diff. Diffs are counts of lines, never their text, which may hold secrets.
"""

from __future__ import annotations

import contextlib
import difflib
import json
import os
import re
import sys
import time
import typing

from ansible.plugins import callback

DOCUMENTATION = """
name: ansible_callback
type: notification
short_description: Every result as one line of JSON
description: Writes JSON lines to the file or descriptor named by GOVCLOUD_ANSIBLE_EVENTS.
requirements: []
"""

_LONGEST_MESSAGE = 2000
_LONGEST_READ = 50_000
_UNPRINTABLE = re.compile(
    r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069]"
)
_SECRET = re.compile(
    r"(?i)((?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|private[_-]?key)\S*\s*[=:]\s*)\S+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)


class CallbackModule(callback.CallbackBase):  # type: ignore[misc]
    """Turns Ansible's calls into events; holds no more than the time each host's current task started."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "ansible_callback"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: typing.Any, **kwargs: typing.Any) -> None:
        super().__init__(*args, **kwargs)
        self._stream = _open(os.environ.get("GOVCLOUD_ANSIBLE_EVENTS", ""))
        self._started: dict[str, float] = {}

    def v2_playbook_on_play_start(self, play: typing.Any) -> None:
        self._emit(event="play", play=play.get_name())

    def v2_playbook_on_task_start(self, task: typing.Any, **_: object) -> None:
        self._emit(event="task", **_names(task))

    def v2_playbook_on_handler_task_start(self, task: typing.Any) -> None:
        self._emit(event="task", **_names(task))

    def v2_runner_on_start(self, host: typing.Any, task: typing.Any) -> None:  # noqa: ARG002
        self._started[host.get_name()] = time.monotonic()

    def v2_runner_on_ok(self, result: typing.Any) -> None:
        self._result("changed" if result.is_changed() else "ok", result)

    def v2_runner_on_skipped(self, result: typing.Any) -> None:
        self._result("skipped", result)

    def v2_runner_on_failed(self, result: typing.Any, ignore_errors: bool = False) -> None:
        self._result("ok" if ignore_errors else "failed", result)

    def v2_runner_on_unreachable(self, result: typing.Any) -> None:
        self._result("unreachable", result)

    def v2_playbook_on_no_hosts_matched(self) -> None:
        """A group without machines is nothing to report."""

    def v2_playbook_on_stats(self, stats: typing.Any) -> None:
        for host in sorted(stats.processed):
            self._emit(event="stats", host=host, **stats.summarize(host))

    def _result(self, event: str, result: typing.Any) -> None:
        task, host = result.task, result.host.get_name()
        started = self._started.pop(host, None)
        seconds = 0.0 if started is None else time.monotonic() - started
        silent = bool(task.no_log or result.result.get("_ansible_no_log"))
        self._emit(
            event=event,
            host=host,
            **_names(task),
            seconds=round(seconds, 3),
            changed=event == "changed",
            message=_hidden(event) if silent else _message(event, result.result),
            diff=[] if silent else _diff(result.result),
        )

    def _emit(self, **event: typing.Any) -> None:
        self._stream.write(json.dumps(event, ensure_ascii=False) + "\n")
        self._stream.flush()


def _open(target: str) -> typing.TextIO:
    if not target:
        return sys.stdout
    if target.startswith("fd:"):
        return os.fdopen(int(target.removeprefix("fd:")), "w", encoding="utf-8", errors="replace", closefd=False)
    descriptor = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8", errors="replace")


def _names(task: typing.Any) -> dict[str, str]:
    role, separator, name = task.get_name().strip().partition(" : ")
    return {"role": role, "task": name} if separator else {"role": "", "task": role}


def _hidden(event: str) -> str:
    return "hidden by no_log" if event in ("failed", "unreachable") else ""


def _message(event: str, result: typing.Mapping[str, typing.Any]) -> str:
    """What failed, or what a command found to deviate; loops tell it for each item that did."""
    items = [item for item in result.get("results", ()) if isinstance(item, dict)]
    if event in ("failed", "unreachable"):
        parts = [part for item in items if item.get("failed") for part in _failure(item)] or _failure(result)
    elif event == "changed":
        parts = [str(result.get("stdout", ""))]
    else:
        parts = []
    return _clean("\n".join(part for part in parts if part))


def _failure(result: typing.Mapping[str, typing.Any]) -> list[str]:
    output = str(result.get("stderr") or result.get("module_stderr") or result.get("stdout") or "")
    return [str(result.get("msg", "")), "\n".join(output.strip().splitlines()[-15:])]


def _diff(result: typing.Mapping[str, typing.Any]) -> list[str]:
    """One line for each changed file: lines added, lines removed, path."""
    summary = []
    for item in [result, *(item for item in result.get("results", ()) if isinstance(item, dict))]:
        diffs = item.get("diff") or ()
        for diff in [diffs] if isinstance(diffs, dict) else diffs:
            if not isinstance(diff, dict) or not all(isinstance(diff.get(end), str) for end in ("before", "after")):
                continue
            lines = list(difflib.ndiff(diff["before"].splitlines(), diff["after"].splitlines()))
            added, removed = (sum(line.startswith(sign) for line in lines) for sign in ("+ ", "- "))
            with contextlib.suppress(TypeError):
                path = diff.get("before_header") or item.get("dest") or item.get("path") or ""
                if added or removed:
                    summary.append(_clean(f"+{added} -{removed} {path}"))
    return summary


def _clean(text: str) -> str:
    text = _SECRET.sub(lambda match: (match.group(1) or "") + "***", text[:_LONGEST_READ])
    text = _UNPRINTABLE.sub(" ", text).strip()
    return text if len(text) <= _LONGEST_MESSAGE else text[: _LONGEST_MESSAGE - 3] + "..."
