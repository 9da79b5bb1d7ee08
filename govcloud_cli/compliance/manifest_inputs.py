"""What rules are asked about in manifests: one document for each Kubernetes object."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from govcloud_cli.compliance import subjects
from govcloud_cli.inventory import absences, manifests
from govcloud_cli.model import policies

Json = Any


def of_manifests(found: Iterable[manifests.Manifest]) -> tuple[subjects.Subject, ...]:
    """The objects that `inventory.manifests` read, in their order."""
    return tuple(
        subjects.Subject(
            input=policies.Input.KUBERNETES,
            key=subjects.kubernetes_key(one.document),
            document=one.document,
            place=subjects.Place(file=one.file, document=one.number, path=one.path),
        )
        for one in found
    )


def without_nulls(document: Json) -> Json:
    """An object as the API server takes it: a key that is null is not there. Manifests are read so already."""
    return absences.as_sent(document)
