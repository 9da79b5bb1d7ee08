"""A policy (`policies/<area>/<id>/policy.yaml`): one rule in the shape of a ValidatingAdmissionPolicy, and its reason.

The CEL of `spec` is the text that CI evaluates, that deploy's gate evaluates and that the API server evaluates
(Kubernetes API, admissionregistration.k8s.io/v1). What one object cannot answer names a check in Python instead.
"""

from __future__ import annotations

import enum
from typing import Annotated, Literal

import pydantic

from govcloud_cli.model import base


class Severity(enum.StrEnum):
    """How bad a finding is; `high` and above are mandatory: deploy refuses them."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """Higher is worse."""
        return len(Severity) - list(Severity).index(self)

    def reaches(self, threshold: Severity) -> bool:
        """Whether it is as bad as `threshold`, or worse."""
        return self.rank >= threshold.rank


MANDATORY = Severity.HIGH
"""From here on a finding stops a deploy."""


class Profile(enum.StrEnum):
    """A set of policies to be judged by. The first three are ordered, each holding all of the one before."""

    BASELINE = "baseline"
    MLPS_L2 = "mlps-l2"
    MLPS_L3 = "mlps-l3"
    PSS_BASELINE = "pss-baseline"
    """Kubernetes' Pod Security Standard of that name alone."""
    PSS_RESTRICTED = "pss-restricted"


class PodSecurity(enum.StrEnum):
    """Levels of the Pod Security Standards that refuse something."""

    BASELINE = "baseline"
    RESTRICTED = "restricted"


class Input(enum.StrEnum):
    """What a policy looks at, one document each; `compliance.inputs` says what is in each."""

    KUBERNETES = "kubernetes"
    """A Kubernetes object: planned, or of a manifest."""
    TENANT = "tenant"
    """A tenant's request."""
    ZONE = "zone"
    FLOW = "flow"
    HOST = "host"
    """A machine with the Ansible variables that its roles run with."""
    RESOURCE = "resource"
    """A planned Pulumi resource that is no Kubernetes object."""
    ENVIRONMENT = "environment"
    """Everything of one environment, or every object of one folder of manifests: for what no document answers alone."""


PolicyId = Annotated[
    str, pydantic.StringConstraints(pattern=r"^[a-z][a-z0-9]+(-[a-z0-9]+)*$", min_length=4, max_length=50)
]
"""Stable; the name of the policy's folder, and of its object in the cluster."""
Line = Annotated[str, pydantic.StringConstraints(min_length=4, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Prose = Annotated[str, pydantic.StringConstraints(min_length=10, max_length=1500, strip_whitespace=True)]
Cel = Annotated[str, pydantic.StringConstraints(min_length=1, max_length=8000, strip_whitespace=True)]
CelName = Annotated[str, pydantic.StringConstraints(pattern=r"^[a-z][A-Za-z0-9]*$", max_length=40)]
Pointer = Annotated[str, pydantic.StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9.\[\]_-]*$", max_length=200)]
Kind = Annotated[str, pydantic.StringConstraints(pattern=r"^[A-Z][A-Za-z]*$", max_length=80)]
Word = Annotated[str, pydantic.StringConstraints(pattern=r"^[a-z0-9.*/-]*$", max_length=80)]


class Title(base.Model):
    """One line in both languages."""

    en: Line
    zh: Line


class Bilingual(base.Model):
    """A few sentences in both languages."""

    en: Prose
    zh: Prose


class Controls(base.Model):
    """The requirements that a policy stands for; `policies/controls/` has the catalogues."""

    mlps: tuple[str, ...] = ()
    """GB/T 28448 unit numbers, e.g. `L3-CES1-17`."""
    nist: tuple[str, ...] = ()
    """NIST SP 800-53 r5, e.g. `AC-6` or `SC-7(5)`."""
    cis: tuple[str, ...] = ()
    """CIS Kubernetes Benchmark 1.12, e.g. `5.2.2`."""


class ResourceRule(base.Model):
    """Which Kubernetes resources (plural names, as in the API) a policy is about."""

    api_groups: Annotated[tuple[Word, ...], pydantic.Field(min_length=1)]
    api_versions: Annotated[tuple[Word, ...], pydantic.Field(min_length=1)]
    operations: tuple[Literal["CREATE", "UPDATE"], ...] = ("CREATE", "UPDATE")
    resources: Annotated[tuple[Word, ...], pydantic.Field(min_length=1)]


class MatchConstraints(base.Model):
    """As of a ValidatingAdmissionPolicy."""

    resource_rules: Annotated[tuple[ResourceRule, ...], pydantic.Field(min_length=1)]


class NamedExpression(base.Model):
    """A variable or a match condition; later ones may use earlier variables as `variables.<name>`."""

    name: CelName
    expression: Cel


class Validation(base.Model):
    """What must be true."""

    expression: Cel
    message: Line | None = None
    """English; says what is wrong, not what is right."""
    message_expression: Cel | None = None
    """Instead of `message`, where it can name the culprit; a string, short, without citizens' data."""
    pointer: Pointer | None = None
    """Where in the object, e.g. `spec.ingress`: for the line. With a library: may begin with what it calls `at`."""

    @pydantic.model_validator(mode="after")
    def _says_something(self) -> Validation:
        if (self.message is None) == (self.message_expression is None):
            raise ValueError("give either a message or a messageExpression")
        return self


class PolicySpec(base.Model):
    """What is judged, how, and why."""

    severity: Severity
    waivable: bool
    profile: Literal[Profile.BASELINE, Profile.MLPS_L2, Profile.MLPS_L3]
    """The least strict profile that holds it; the stricter ones do too."""
    pod_security: PodSecurity | None = None
    """The Pod Security level that it is part of."""
    controls: Controls
    rationale: Bilingual
    """What goes wrong without it."""
    remediation: Bilingual
    input: Input
    library: CelName | None = None
    """A file of `policies/library/` that it takes match constraints and variables from."""
    match_constraints: MatchConstraints | None = None
    match_conditions: tuple[NamedExpression, ...] = ()
    variables: tuple[NamedExpression, ...] = ()
    validations: tuple[Validation, ...] = ()
    check: CelName | None = None
    """A function of `compliance/checks/` instead of validations, for input `environment`."""
    cluster: Literal["deny", "none"] = "deny"
    """Whether the API server enforces it too; `none` for what is only known outside, and for every other input."""

    @pydantic.model_validator(mode="after")
    def _judges_somehow(self) -> PolicySpec:
        if (self.check is None) == (not self.validations):
            raise ValueError("give either validations or a check")
        if (self.check is not None) != (self.input is Input.ENVIRONMENT):
            raise ValueError("a check is for input environment, and that for checks")
        matched = self.library is not None or self.match_constraints is not None
        if matched != (self.input is Input.KUBERNETES):
            raise ValueError(
                "matchConstraints (or a library that has them) belong to input kubernetes, and that to them"
            )
        return self


class Metadata(base.Model):
    """What a policy is called."""

    id: PolicyId
    title: Title
    """What it demands."""


class Policy(base.Model):
    """`policy.yaml`."""

    api_version: Literal["govcloud/v1"]
    kind: Literal["Policy"]
    metadata: Metadata
    spec: PolicySpec


class LibrarySpec(base.Model):
    """Match constraints and variables that several policies share."""

    match_constraints: MatchConstraints
    variables: Annotated[tuple[NamedExpression, ...], pydantic.Field(min_length=1)]
    at: dict[Kind, Pointer] = pydantic.Field(default_factory=dict)
    """Kind -> the path of what the policies speak of, e.g. `Deployment: spec.template.spec`; before a `pointer`."""


class Library(base.Model):
    """`policies/library/<name>.yaml`."""

    api_version: Literal["govcloud/v1"]
    kind: Literal["PolicyLibrary"]
    spec: LibrarySpec
