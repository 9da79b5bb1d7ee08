"""A client machine of the lab in place of somebody's laptop: its software token, and how it connects and looks.

A lab machine's own firewall knows no tunnel, so the tunnel gets a network namespace of its own there, as openconnect's
manual proposes (`--script` of a namespace): programs that are started in it use the tunnel, all others do not.
"""

from __future__ import annotations

import base64
import dataclasses
import difflib
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.plan import plans
from govcloud_cli.run import machines, reach, sites
from govcloud_cli.run.vpn import certificates, desk, issuing, register

SHORTEST_PIN, LONGEST_PIN = 4, 64
_TIMEOUT = 120.0
_NAMESPACE = "vpn"
_OBJECT = "01"
"""CKA_ID of the key, as `run.remote.laptop` makes it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Laptop:
    """A client machine, and the way to it."""

    machine: str
    site: sites.Site
    side: plans.SidePlan

    def issue(self, office: desk.Desk, holder: certificates.Holder, *, pin: str, replace: bool) -> issuing.Result:
        """Make a software token there and issue to its key. Raises as `issuing.by_request`."""
        if not SHORTEST_PIN <= len(pin) <= LONGEST_PIN or not pin.isascii() or not pin.isalnum():
            raise errors.UsageError(f"a PIN is {SHORTEST_PIN} to {LONGEST_PIN} ASCII letters and digits")
        active = [one for one in register.read(register.path_of(office.folder)) if one.counts(office.clock())]
        if not replace and any(one.person == holder.person for one in active):
            raise errors.UsageError(
                f"{holder.person} has a valid certificate already",
                cause="--machine makes another token there, and the key on the one before is gone",
                remedy="say --replace: the certificate of before ends",
            )
        ours = {"person": holder.person, "pin": pin}
        request = self._ask({"operation": "request", **ours})["request"].encode("ascii")
        result = issuing.by_request(office, holder, request, label=holder.person, object_id=_OBJECT, replace=replace)
        der = x509.load_pem_x509_certificate(result.certificate).public_bytes(serialization.Encoding.DER)
        self._ask({"operation": "install", "certificate": base64.b64encode(der).decode("ascii"), **ours})
        return result

    def write(self, person: str, files: dict[str, str]) -> str:
        """Put a person's client configuration there; the folder."""
        return str(self._ask({"operation": "write", "person": person, "files": files})["folder"])

    def _ask(self, argument: dict[str, Any]) -> dict[str, Any]:
        folder, way = self.site.space.side(self.side.side), reach.of(self.side)
        if not way.exists or not (folder.ssh / "config").exists():
            raise errors.GovcloudError(f"machine {self.machine} is not running", remedy="run `govcloud deploy`")
        asked = machines.run_script("laptop", {self.machine: argument}, folder=folder, way=way, timeout=_TIMEOUT)
        answer = asked[self.machine]
        if isinstance(answer, errors.GovcloudError):
            raise answer
        found: dict[str, Any] = answer
        return found


def of(site: sites.Site, side: plans.SidePlan, machine: str) -> Laptop:
    """The client machine called so. Raises `errors.UsageError` outside the lab, and for a machine that is none."""
    if not site.embedded:
        raise errors.UsageError(
            f"--machine is for the lab, and environment {site.spec.environment} has machines of its own",
            where="substrate of platform.yaml",
            remedy="plug the person's USB token in here, and leave --machine out",
        )
    names = [
        one.id
        for one in site.spec.platform.spec.machines
        if platforms.Service.CLIENT in one.services and site.spec.side_of(one) is side.side
    ]
    if machine not in names:
        near = difflib.get_close_matches(machine, names, n=1)
        hint = f"did you mean {near[0]}?" if near else f"choose from: {', '.join(names)}"
        raise errors.UsageError(f"there is no client machine {machine}", remedy=hint)
    return Laptop(machine=machine, site=site, side=side)


def files(profile: dict[str, str]) -> dict[str, str]:
    """A profile's files as such a machine needs them: the token's place, the tunnel's namespace, a way to look."""
    settings = profile["openconnect.conf"] + "script=./tunnel.sh\n"
    connect = profile["connect.sh"].replace("#!/bin/sh\n", "#!/bin/bash\n", 1)
    # Job control: in the background it outlives the terminal that asked for PIN and password.
    connect = connect.replace("exec openconnect", 'set -m && SOFTHSM2_CONF="$PWD/softhsm2.conf" openconnect')
    return {**profile, "openconnect.conf": settings, "connect.sh": connect, "tunnel.sh": _TUNNEL, "see.sh": _SEE}


_TUNNEL = f"""#!/bin/sh
# openconnect runs this: the tunnel gets a network namespace of its own, for this machine's firewall knows none.
set -e
case "$reason" in
connect)
  ip netns delete {_NAMESPACE} 2>/dev/null || true
  ip netns add {_NAMESPACE}
  ip link set dev "$TUNDEV" netns {_NAMESPACE}
  ip -n {_NAMESPACE} link set dev lo up
  ip -n {_NAMESPACE} link set dev "$TUNDEV" up mtu "${{INTERNAL_IP4_MTU:-1280}}"
  ip -n {_NAMESPACE} address add "$INTERNAL_IP4_ADDRESS/32" dev "$TUNDEV"
  test -z "$INTERNAL_IP6_ADDRESS" || ip -n {_NAMESPACE} address add "$INTERNAL_IP6_ADDRESS/128" dev "$TUNDEV" nodad
  i=0
  while test "$i" -lt "${{CISCO_SPLIT_INC:-0}}"; do
    eval "to=\\$CISCO_SPLIT_INC_${{i}}_ADDR/\\$CISCO_SPLIT_INC_${{i}}_MASKLEN"
    ip -n {_NAMESPACE} route replace "$to" dev "$TUNDEV"
    i=$((i + 1))
  done
  i=0
  while test "$i" -lt "${{CISCO_IPV6_SPLIT_INC:-0}}"; do
    eval "to=\\$CISCO_IPV6_SPLIT_INC_${{i}}_ADDR/\\$CISCO_IPV6_SPLIT_INC_${{i}}_MASKLEN"
    ip -n {_NAMESPACE} -6 route replace "$to" dev "$TUNDEV"
    i=$((i + 1))
  done
  ;;
disconnect)
  ip netns delete {_NAMESPACE}
  ;;
esac
"""
_SEE = f"""#!/bin/sh
# See a page: see.sh URL. Through the tunnel if there is one, else as this machine is connected.
cd "$(dirname "$0")" || exit
if ip netns list | grep -qw {_NAMESPACE}; then inside="ip netns exec {_NAMESPACE}"; fi
exec $inside python3 - "$1" <<'END'
import ssl, sys, urllib.request
context = ssl.create_default_context(cafile="server-ca.crt")
try:
    with urllib.request.urlopen(sys.argv[1], timeout=15, context=context) as page:
        print(page.status, page.reason)
        print(page.read(65536).decode("utf-8", "replace").strip())
except OSError as error:
    sys.exit(f"cannot be seen 无法访问: {{error}}")
END
"""
