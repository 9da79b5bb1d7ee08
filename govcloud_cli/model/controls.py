"""Catalogues of requirements (`policies/controls/*.yaml`), in our own words: what of each can be checked, and how."""

from __future__ import annotations

import enum
from typing import Annotated, Literal

import pydantic

from govcloud_cli.model import base, policies


class Framework(enum.StrEnum):
    """Whose requirements; each is the field of `policies.Controls` that names them."""

    MLPS = "mlps"
    """GB/T 22239-2019 (等保 2.0), level 3, by the unit numbers of GB/T 28448-2019."""
    NIST = "nist"
    CIS = "cis"


class Automation(enum.StrEnum):
    """How much of a requirement can be decided without people."""

    AUTOMATED = "automated"
    """What is declared decides it; an assessor still looks at the running system."""
    PARTIAL = "partial"
    """That something is configured can be seen, not that it works."""
    MANUAL = "manual"


ControlId = Annotated[str, pydantic.StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.()-]*$", max_length=20)]
MachineCheck = Annotated[
    str,
    pydantic.StringConstraints(
        pattern=(
            r"^(roles/[a-z_]+/tests/test_[a-z_]+\.py::test_[a-z0-9_]+"
            r"|verify:(packet|database|namespace)|drift:(machine|cluster|database)|audit:verify|inventory:GC[0-9]{4})$"
        ),
        max_length=200,
    ),
]
"""What checks it beside policies: a role's test on the machine, a kind of probe of `govcloud verify`, what
`govcloud drift` compares, `govcloud audit verify`, or what `govcloud validate` refuses."""


class Control(base.Model):
    """One requirement. Which policies stand for it they say themselves."""

    id: ControlId
    """As policies name it, e.g. `L3-CES1-17`, `AC-6`, `5.2.2`."""
    clause: policies.Line | None = None
    """Where it stands in the standard, if that is not its id, e.g. `8.1.4.4a`."""
    title: policies.Title
    """What it asks for, short and in our own words."""
    automation: Automation
    checks: tuple[MachineCheck, ...] = ()
    why: policies.Prose
    """English: what the checks see, and what is left to people."""


class CatalogueMetadata(base.Model):
    """What a catalogue is called."""

    id: policies.PolicyId
    title: policies.Title
    version: policies.Line
    """Of the standard."""
    publisher: policies.Line


class CatalogueSpec(base.Model):
    """Its requirements."""

    framework: Framework
    controls: Annotated[tuple[Control, ...], pydantic.Field(min_length=1)]


class Catalogue(base.Model):
    """`policies/controls/<id>.yaml`."""

    api_version: Literal["govcloud/v1"]
    kind: Literal["ControlCatalogue"]
    metadata: CatalogueMetadata
    spec: CatalogueSpec
