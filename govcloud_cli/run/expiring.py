"""What ends within 30 days on a side: the platform's own certificates, and those of the VPN. Renews nothing."""

from __future__ import annotations

import datetime

from cryptography import x509

from govcloud_cli.run import workspace
from govcloud_cli.run.pki import model
from govcloud_cli.run.vpn import authority, expiry


def warnings(folder: workspace.SideFolder, *, now: datetime.datetime) -> tuple[str, ...]:
    """One sentence each, what ends first at the top; nothing of a side that was never deployed."""
    ends: list[tuple[datetime.datetime, str]] = []
    for path in sorted(folder.pki.glob("*.crt")) if folder.pki.is_dir() else ():
        if path == authority.bundle(folder):
            continue
        try:
            found = x509.load_pem_x509_certificates(path.read_bytes())
        except (OSError, ValueError):
            # The next deploy makes it anew.
            ends.append((now, f"the certificate {path.stem} cannot be read: run `govcloud deploy`"))
            continue
        end = min(one.not_valid_after_utc for one in found)
        if end - now <= model.RENEWAL_MARGIN:
            verb = "ended" if end <= now else "ends"
            ends.append((end, f"the certificate {path.stem} {verb} on {end:%Y-%m-%d}: run `govcloud deploy`"))
    return (*(told for _, told in sorted(ends)), *expiry.warnings(folder, now=now))
