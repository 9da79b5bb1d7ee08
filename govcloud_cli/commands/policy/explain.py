"""`govcloud policy explain`: what a policy demands, why, how to mend a finding, and how it is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from govcloud_cli.commands import options, output, runs
from govcloud_cli.commands.policy import choosing, listing

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator

    from govcloud_cli.inventory import rulebook
    from govcloud_cli.model import policies, waivers
    from govcloud_cli.run.policing import books


@click.command(short_help="Say what a policy demands, why, and how to mend it.")
@choosing.rule
@options.environment
@options.as_json
@click.pass_context
def explain(context: click.Context, rule: str, environment: str, as_json: bool) -> None:  # noqa: ARG001 - see `explicit`
    """Say of a policy (策略) what it demands and why, what to do, which controls it stands for, and its CEL text.

    Waivers in force are those of policies/ in the current folder, or with --env those of that environment.

    \b
    Examples:
      govcloud policy explain pod-privileged
      govcloud policy explain pod-privileged --json
    """
    from govcloud_cli.run.policing import books

    explicit = choosing.explicit_environment(context)
    book = books.of(None if explicit is None else options.find_inventory(explicit))
    entry = book.entry(rule)
    document = _document(entry, book, runs.now().date())
    if as_json:
        output.print_json(document)
        return
    console = output.console()
    for line in _lines(entry, document):
        console.print(line, soft_wrap=True)


def _document(entry: rulebook.Entry, book: books.Book, today: datetime.date) -> dict[str, Any]:
    from govcloud_cli.compliance import admission

    policy, spec = entry.policy, entry.policy.spec
    library = None if spec.library is None else book.rulebook.libraries[spec.library]
    in_cluster = admission.enforceable(policy)
    return {
        **listing.entry(policy),
        "rationale": {"en": spec.rationale.en, "zh": spec.rationale.zh},
        "remediation": spec.remediation.model_dump(),
        "file": str(entry.file),
        "about": _about(policy, library),
        "matchConditions": [{"name": one.name, "expression": one.expression} for one in spec.match_conditions],
        "variables": [
            {"name": one.name, "expression": one.expression}
            for one in (*(() if library is None else library.spec.variables), *spec.variables)
        ],
        "validations": [
            {"expression": one.expression, "message": one.message, "messageExpression": one.message_expression}
            for one in spec.validations
        ],
        "check": spec.check,
        "samples": {"allowed": [str(one) for one in entry.allowed], "denied": [str(one) for one in entry.denied]},
        "clusterObject": f"{policy.metadata.id}{admission.SUFFIX}" if in_cluster else None,
        "clusterActions": list(admission.actions(spec.severity)) if in_cluster else [],
        "waivers": [_waiver(one) for one in _in_force(book, policy, today)],
    }


def _about(policy: policies.Policy, library: policies.Library | None) -> list[str]:
    """Kubernetes resources, by group and plural name."""
    constraints = policy.spec.match_constraints or (None if library is None else library.spec.match_constraints)
    if constraints is None:
        return []
    return [
        f"{group}/{resource}" if group else resource
        for one in constraints.resource_rules
        for group in one.api_groups
        for resource in one.resources
    ]


def _in_force(book: books.Book, policy: policies.Policy, today: datetime.date) -> list[waivers.Waiver]:
    from govcloud_cli.compliance import waivers

    found = waivers.in_force(book.rulebook.waivers, book.rulebook.approvers, book.policies, today=today)
    return [one for one in found if one.spec.rule == policy.metadata.id]


def _waiver(one: waivers.Waiver) -> dict[str, Any]:
    spec = one.spec
    return {
        "id": one.metadata.id,
        "resources": list(spec.resources),
        "reason": spec.reason,
        "owner": spec.owner,
        "approver": spec.approver,
        "expires": f"{spec.expires:%Y-%m-%d}",
    }


def _lines(entry: rulebook.Entry, document: dict[str, Any]) -> Iterator[str]:
    policy = entry.policy
    title, remedy = policy.metadata.title, policy.spec.remediation
    yield f"{policy.metadata.id}: {title.en}\n{title.zh}\n"
    yield f"severity 严重程度  {policy.spec.severity.value}{_consequence(policy)}"
    yield f"profile 策略集     {policy.spec.profile.value} and stricter{_level(policy)}"
    yield f"controls 控制点    {_controls(policy) or 'none'}"
    yield f"looks at 对象      {': '.join(filter(None, (policy.spec.input.value, ', '.join(document['about']))))}"
    yield f"cluster 集群       {_cluster(document)}"
    yield f"waivers 豁免       {_waivers(policy, document['waivers'])}"
    yield f"file 文件          {entry.file}\n"
    yield f"why: {policy.spec.rationale.en}"
    yield f"原因: {policy.spec.rationale.zh}"
    yield f"fix: {remedy.en}"
    yield f"处置: {remedy.zh}\n"
    yield from _rule(document)
    yield f"samples: {len(entry.allowed)} allowed, {len(entry.denied)} denied, beside the file"


def _rule(document: dict[str, Any]) -> Iterator[str]:
    if document["check"] is not None:
        yield f"judged by the check {document['check']} over everything together\n"
        return
    text = " ".join(one["expression"] for one in document["validations"] + document["matchConditions"])
    for one in _used(document["variables"], text):
        yield f"variables.{one['name']}:\n{_indented(one['expression'])}"
    for one in document["matchConditions"]:
        yield f"only where ({one['name']}):\n{_indented(one['expression'])}"
    for one in document["validations"]:
        yield f"must be true:\n{_indented(one['expression'])}"
    yield ""


def _used(variables: list[dict[str, str]], text: str) -> list[dict[str, str]]:
    """Of a library's variables those that matter here."""
    found: list[dict[str, str]] = []
    for one in reversed(variables):
        if f"variables.{one['name']}" in text:
            found.insert(0, one)
            text += f" {one['expression']}"
    return found


def _indented(text: str) -> str:
    return "\n".join(f"    {line.strip()}" for line in text.splitlines())


def _consequence(policy: policies.Policy) -> str:
    from govcloud_cli.model import policies

    stops = policy.spec.severity.reaches(policies.MANDATORY)
    return ": a finding stops a deploy (阻止部署)" if stops else ": a finding is told, and stops nothing"


def _level(policy: policies.Policy) -> str:
    level = policy.spec.pod_security
    return "" if level is None else f"; Pod Security Standard {level.value}"


def _controls(policy: policies.Policy) -> str:
    named = {"MLPS": policy.spec.controls.mlps, "NIST": policy.spec.controls.nist, "CIS": policy.spec.controls.cis}
    return "; ".join(f"{name} {', '.join(ids)}" for name, ids in named.items() if ids)


def _cluster(document: dict[str, Any]) -> str:
    if document["clusterObject"] is None:
        return "not enforced there"
    return f"{document['clusterObject']} ({', '.join(document['clusterActions'])})"


def _waivers(policy: policies.Policy, found: list[dict[str, Any]]) -> str:
    if not policy.spec.waivable:
        return "not possible (不可豁免)"
    told = (f"{one['id']} until {one['expires']}: {', '.join(one['resources'])}" for one in found)
    return "; ".join(told) or "possible; none in force"
