"""What an environment's clusters enforce: the policies of its profile, as of one day."""

from __future__ import annotations

import datetime

from govcloud_cli.compliance import admission, profiles, waivers
from govcloud_cli.inventory import rulebook
from govcloud_cli.model import policy_settings
from govcloud_cli.plan import namespaces


def settings(platform: policy_settings.PolicySettings) -> dict[str, list[str]]:
    """What policies read as `variables.settings`, in CI, in the gate and in the cluster."""
    return {"registries": list(platform.registries)}


def guards(
    book: rulebook.Rulebook, platform: policy_settings.PolicySettings, *, today: datetime.date
) -> tuple[namespaces.Manifest, ...]:
    """Admission policies and bindings, by policy; what is waived on `today` (UTC) is exempt."""
    return admission.manifests(
        profiles.choose(platform.profile, book.policies),
        book.libraries,
        waivers=waivers.in_force(book.waivers, book.approvers, book.policies, today=today),
        settings=settings(platform),
    )
