"""Everything that the API server has beside the language, in one table (k8s.io/apiserver/pkg/cel/library)."""

from __future__ import annotations

from typing import Final

from govcloud_cli.compliance.cel import formats, lists, networks, patterns, quantities, semvers, urls

OVERLOADS: Final = tuple(
    overload
    for family in (quantities, networks, urls, patterns, lists, semvers, formats)
    for overload in family.OVERLOADS
)
