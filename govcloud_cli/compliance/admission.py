"""Policies as the API server enforces them: a ValidatingAdmissionPolicy and its binding each. Pure.

The CEL is the very text that CI and deploy's gate evaluate (admissionregistration.k8s.io/v1, Kubernetes 1.30 and
later). What applies to them:

- Namespaced objects are judged in namespaces that are ours, cluster-wide objects everywhere. What the control plane
  does for itself is never judged (`compliance/exemptions.py`): no rule stops a controller, a node or an upgrade.
- Mandatory findings are denied; others warn whoever asks, and are marked in the audit log.
- A waiver exempts exactly the resources it names, and what their controllers make for them. CEL in a cluster has no
  clock: a waiver that ended is taken out by the next deploy, and until then `govcloud drift` and `plan` tell of it,
  since both compare with what is planned for today.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from govcloud_cli.compliance import exemptions
from govcloud_cli.compliance.cel import literals
from govcloud_cli.model import policies
from govcloud_cli.model import waivers as waivers_
from govcloud_cli.plan import namespaces

API_VERSION = "admissionregistration.k8s.io/v1"
SUFFIX = ".policies.govcloud.io"
"""After a policy's id: the name of its objects in a cluster."""
DENY, WARN = ("Deny",), ("Warn", "Audit")


def manifests(
    rules: Iterable[policies.Policy],
    libraries: Mapping[str, policies.Library],
    *,
    waivers: Sequence[waivers_.Waiver],
    settings: Mapping[str, Any],
) -> tuple[namespaces.Manifest, ...]:
    """A policy and its binding for each of `rules` that a cluster can enforce, by id.

    `waivers` are those in force today (`waivers.in_force`); `settings` is what rules read as `variables.settings`.
    """
    found: list[namespaces.Manifest] = []
    for rule in sorted(rules, key=lambda one: one.metadata.id):
        if enforceable(rule):
            own = [waiver for waiver in waivers if waiver.spec.rule == rule.metadata.id]
            library = libraries[rule.spec.library] if rule.spec.library else None
            found += [_policy(rule, library, waivers=own, settings=settings), _binding(rule)]
    return tuple(found)


def enforceable(rule: policies.Policy) -> bool:
    """Whether the API server can judge by it too."""
    return rule.spec.input is policies.Input.KUBERNETES and rule.spec.cluster == "deny"


def actions(severity: policies.Severity) -> tuple[str, ...]:
    """What happens on a finding: mandatory ones are denied, the others told."""
    return DENY if severity.reaches(policies.MANDATORY) else WARN


def _policy(
    rule: policies.Policy,
    library: policies.Library | None,
    *,
    waivers: Sequence[waivers_.Waiver],
    settings: Mapping[str, Any],
) -> namespaces.Manifest:
    own = [_named(condition) for condition in rule.spec.match_conditions]
    shared = library.spec.variables if library else ()
    return _manifest(
        "ValidatingAdmissionPolicy",
        rule,
        annotations=_annotations(rule, waivers),
        spec={
            "failurePolicy": "Fail",
            "matchConstraints": {
                "matchPolicy": "Equivalent",
                # For a Namespace, its own labels; objects outside of namespaces are judged whatever is here.
                "namespaceSelector": {"matchLabels": dict(namespaces.MANAGED)},
                "objectSelector": {},
                "resourceRules": [_resources(one) for one in _constraints(rule, library).resource_rules],
            },
            "matchConditions": [*exemptions.conditions(waivers), *own],
            "variables": [
                {"name": "settings", "expression": literals.literal(settings)},
                *(_named(variable) for variable in (*shared, *rule.spec.variables)),
            ],
            "validations": [_validation(rule, one) for one in rule.spec.validations],
        },
    )


def _binding(rule: policies.Policy) -> namespaces.Manifest:
    spec = {"policyName": rule.metadata.id + SUFFIX, "validationActions": list(actions(rule.spec.severity))}
    return _manifest("ValidatingAdmissionPolicyBinding", rule, spec=spec)


def _manifest(kind: str, rule: policies.Policy, **body: Any) -> namespaces.Manifest:
    labels = {f"{namespaces.PREFIX}severity": rule.spec.severity.value}
    return namespaces.manifest(kind, rule.metadata.id + SUFFIX, api_version=API_VERSION, labels=labels, **body)


def _annotations(rule: policies.Policy, waivers: Sequence[waivers_.Waiver]) -> dict[str, str]:
    controls = rule.spec.controls.model_dump()
    told = {
        "title": rule.metadata.title.en,
        "title-zh": rule.metadata.title.zh,
        "controls": ", ".join(f"{catalogue} {one}" for catalogue, ids in controls.items() for one in ids),
        "waivers": ", ".join(f"{one.metadata.id} until {one.spec.expires.isoformat()}" for one in waivers),
    }
    return {f"{namespaces.PREFIX}{key}": value for key, value in told.items() if value}


def _constraints(rule: policies.Policy, library: policies.Library | None) -> policies.MatchConstraints:
    own = rule.spec.match_constraints
    if own is not None:
        return own
    if library is None:
        raise ValueError(f"{rule.metadata.id} says of no resource that it is about it")
    return library.spec.match_constraints


def _resources(rule: policies.ResourceRule) -> dict[str, Any]:
    return {
        "apiGroups": list(rule.api_groups),
        "apiVersions": list(rule.api_versions),
        "operations": list(rule.operations),
        "resources": list(rule.resources),
        "scope": "*",
    }


def _named(one: policies.NamedExpression) -> dict[str, str]:
    return {"name": one.name, "expression": one.expression}


def _validation(rule: policies.Policy, one: policies.Validation) -> dict[str, str]:
    # A message is needed beside its expression: for when that fails, and with an expression of several lines.
    message = one.message or f"does not meet: {rule.metadata.title.en}"
    found = {"expression": one.expression, "message": message, "reason": "Forbidden"}
    return found | ({"messageExpression": one.message_expression} if one.message_expression else {})
