"""openconnect in a network namespace, as a civil servant's laptop runs it, or an attacker's.

    session = vpn_client.connect(laptop, credentials, user="li-na", secret="password123456")
    ... session.lease ...
    session.log_out()

`connect` gives a `Session`, or raises `RefusedError` with what openconnect printed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence

# What openconnect asks a script for: addresses and routes. Nothing of the machine outside the namespace is touched.
_SCRIPT = r"""#!/bin/sh
set -e
case "$reason" in
connect)
  ip link set dev "$TUNDEV" up mtu "${INTERNAL_IP4_MTU:-1280}"
  ip address add "$INTERNAL_IP4_ADDRESS/32" dev "$TUNDEV"
  if test -n "$INTERNAL_IP6_ADDRESS"; then ip -6 address add "$INTERNAL_IP6_ADDRESS/128" dev "$TUNDEV" nodad; fi
  i=0
  while test "$i" -lt "${CISCO_SPLIT_INC:-0}"; do
    eval "ip route replace \"\$CISCO_SPLIT_INC_${i}_ADDR/\$CISCO_SPLIT_INC_${i}_MASKLEN\" dev \"$TUNDEV\""
    i=$((i + 1))
  done
  i=0
  while test "$i" -lt "${CISCO_IPV6_SPLIT_INC:-0}"; do
    eval "ip -6 route replace \"\$CISCO_IPV6_SPLIT_INC_${i}_ADDR/\$CISCO_IPV6_SPLIT_INC_${i}_MASKLEN\" dev \"$TUNDEV\""
    i=$((i + 1))
  done
  env > "$GCT_STATE.new"
  mv "$GCT_STATE.new" "$GCT_STATE"
  ;;
esac
"""
_COOKIE = re.compile(r"^COOKIE='?([^'\n]+)'?$", re.MULTILINE)


class RefusedError(Exception):
    """The gateway did not let us in; the message is what openconnect printed."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Laptop:
    """Where openconnect runs, and what it trusts."""

    namespace: str
    folder: pathlib.Path
    """For its own files; of this laptop alone."""
    ca: pathlib.Path
    host: str
    """The gateway's name, as in its certificate."""
    address: str
    port: int = 443
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """E.g. SOFTHSM2_CONF."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Credentials:
    """A certificate and its key: paths, or PKCS#11 URLs; None is none."""

    certificate: str | None = None
    key: str | None = None

    def arguments(self) -> list[str]:
        """As openconnect takes them."""
        chosen = (("--certificate", self.certificate), ("--sslkey", self.key))
        return [f"{name}={value}" for name, value in chosen if value is not None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Session:
    """A tunnel that is up."""

    laptop: Laptop
    process: subprocess.Popen[bytes]
    log: pathlib.Path
    environment: Mapping[str, str]
    """What openconnect told its script: leases, routes, name servers."""

    @property
    def device(self) -> str:
        """The tunnel's device."""
        return self.environment["TUNDEV"]

    @property
    def lease(self) -> str:
        """Our IPv4 address inside."""
        return self.environment["INTERNAL_IP4_ADDRESS"]

    @property
    def lease6(self) -> str:
        """Our IPv6 address inside; empty if there is none."""
        return self.environment.get("INTERNAL_IP6_ADDRESS", "")

    def is_up(self) -> bool:
        """Tell whether openconnect still runs."""
        return self.process.poll() is None

    def wait(self, seconds: float = 20.0) -> str:
        """Wait until it is over; what openconnect printed."""
        self.process.wait(seconds)
        return self.log.read_text("utf-8", "replace")

    def log_out(self) -> str:
        """Log out as a person does; what openconnect printed."""
        return self._end(signal.SIGINT)

    def leave(self) -> str:
        """Go without logging out (SIGHUP), so that the session can be taken up again with its cookie."""
        return self._end(signal.SIGHUP)

    def _end(self, how: signal.Signals) -> str:
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.wait()


def connect(laptop: Laptop, credentials: Credentials, *, user: str, secret: str, seconds: float = 40.0) -> Session:
    """Log in and bring the tunnel up, or raise `RefusedError`."""
    arguments = [*credentials.arguments(), f"--user={user}", "--passwd-on-stdin"]
    return _tunnel(laptop, arguments, secret, seconds)


def connect_with_cookie(laptop: Laptop, credentials: Credentials, cookie: str, *, seconds: float = 40.0) -> Session:
    """Bring a tunnel up with a session's cookie alone, or raise `RefusedError`."""
    return _tunnel(laptop, [*credentials.arguments(), "--cookie-on-stdin"], cookie, seconds)


def cookie(laptop: Laptop, credentials: Credentials, *, user: str, secret: str, seconds: float = 40.0) -> str:
    """Log in without a tunnel; the session's cookie. Raises `RefusedError`."""
    arguments = [*credentials.arguments(), f"--user={user}", "--passwd-on-stdin", "--authenticate"]
    try:
        done = subprocess.run(
            _command(laptop, arguments),
            input=f"{secret}\n".encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
            env=_environment(laptop),
        )
    except subprocess.TimeoutExpired as error:
        raise RefusedError(
            f"no answer within {seconds} s: {(error.stderr or b'').decode('utf-8', 'replace')}"
        ) from error
    found = _COOKIE.search(done.stdout.decode("utf-8", "replace"))
    if done.returncode != 0 or found is None:
        raise RefusedError(done.stderr.decode("utf-8", "replace"))
    return found.group(1)


def reaches(namespace: str, url: str, *, seconds: float = 3.0) -> bool:
    """Tell whether something answers at `url` from inside a namespace."""
    command = ["curl", "--silent", "--noproxy", "*", "--output", "/dev/null", "--max-time", f"{seconds:g}", url]
    return subprocess.run(["ip", "netns", "exec", namespace, *command], check=False).returncode == 0


def _tunnel(laptop: Laptop, arguments: Sequence[str], secret: str, seconds: float) -> Session:
    script, state, log = (laptop.folder / name for name in ("script.sh", f"state-{time.time_ns()}", "openconnect.log"))
    script.write_text(_SCRIPT)
    script.chmod(0o700)
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig=TERM", *_command(laptop, [*arguments, f"--script={script}"])],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**_environment(laptop), "GCT_STATE": str(state)},
        )
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write(f"{secret}\n".encode())
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None and not state.exists():
        time.sleep(0.05)
    if state.exists():
        lines = (line.partition("=") for line in state.read_text("utf-8").splitlines())
        environment = {name: value for name, equals, value in lines if equals}
        return Session(laptop=laptop, process=process, log=log, environment=environment)
    if process.poll() is None:
        process.terminate()
        process.wait(10)
    raise RefusedError(log.read_text("utf-8", "replace"))


def _command(laptop: Laptop, arguments: Sequence[str]) -> list[str]:
    fixed = [
        f"--cafile={laptop.ca}",
        "--no-system-trust",
        "--non-inter",
        "--no-proxy",
        f"--resolve={laptop.host}:{laptop.address}",
        "--protocol=anyconnect",
    ]
    url = f"https://{laptop.host}:{laptop.port}/"
    return ["ip", "netns", "exec", laptop.namespace, "openconnect", *fixed, *arguments, url]


def _environment(laptop: Laptop) -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C.UTF-8", **laptop.environment}


def audit(file: pathlib.Path) -> list[dict[str, object]]:
    """Every line of the gateway's audit log."""
    return [json.loads(line) for line in file.read_text("ascii").splitlines()] if file.exists() else []
