"""Small folders of policies, for what is about policies and not about what they demand."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from govcloud_cli import resources
from govcloud_cli.compliance import rules
from govcloud_cli.inventory import rulebook
from govcloud_cli.model import policies
from govcloud_cli.run.policing import books

PRIVILEGED = """apiVersion: govcloud/v1
kind: Policy
metadata:
  id: {id}
  title: {{en: Containers do not run privileged, zh: 容器不得以特权模式运行}}
spec:
  severity: {severity}
  waivable: {waivable}
  profile: baseline
  controls: {{mlps: [L3-CES1-17]}}
  rationale: {{en: "A privileged container controls the node and all tenants on it.", zh: 没有该规则时会出现的问题。}}
  remediation: {{en: Remove privileged from every container., zh: 在所有容器中删除特权设置即可符合要求。}}
  input: kubernetes
  matchConstraints:
    resourceRules: [{{apiGroups: [""], apiVersions: [v1], resources: [pods]}}]
  validations:
    - expression: object.spec.containers.all(c, !c.?securityContext.?privileged.orValue(false))
      message: a container is privileged
      pointer: spec.containers
"""
NAMED = """apiVersion: govcloud/v1
kind: Policy
metadata:
  id: tenant-named
  title: {en: Tenants have a name, zh: 租户须有名称}
spec:
  severity: high
  waivable: true
  profile: mlps-l3
  controls: {nist: [AC-6]}
  rationale: {en: "Nobody knows whom to call about a tenant without a name.", zh: 没有该规则时会出现的问题。}
  remediation: {en: Give the tenant a name., zh: 请为该租户填写名称后再提交。}
  input: tenant
  validations:
    - expression: object.metadata.displayName != ''
      message: it has no name
"""
POD = """apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: a}}
spec:
  containers:
    - name: app
      image: app
      securityContext: {{privileged: {privileged}}}
"""
CATALOGUE = """apiVersion: govcloud/v1
kind: ControlCatalogue
metadata:
  id: {id}
  title: {{en: Requirements, zh: 要求条款}}
  version: one (1)
  publisher: Somebody
spec:
  framework: {framework}
  controls:
    - id: {control}
      title: {{en: Something is so, zh: 须符合要求}}
      automation: automated
      why: What the checks see, and what is left.
    - id: {other}
      title: {{en: Somebody thinks, zh: 须人工评估}}
      automation: manual
      why: What only people can see.
"""
WAIVER = """apiVersion: govcloud/v1
kind: Waiver
metadata: {{id: {id}}}
spec:
  rule: {rule}
  resources: ["{resource}"]
  reason: The old system moves out in the summer.
  owner: li.na
  approver: {approver}
  created: "{created}"
  expires: "{expires}"
"""
APPROVERS = "apiVersion: govcloud/v1\nkind: WaiverApprovers\npeople: [zhou.min]\n"


def pod(name: str = "web", *, privileged: bool = True) -> str:
    return POD.format(name=name, privileged=str(privileged).lower())


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def policy(
    folder: Path, identifier: str = "pod-privileged", *, severity: str = "critical", waivable: bool = True
) -> Path:
    """One policy with its samples in `folder`, which is a folder `policies`."""
    own = folder / "pods" / identifier
    told = PRIVILEGED.format(id=identifier, severity=severity, waivable=str(waivable).lower())
    write(own / "allowed" / "pod.yaml", pod(privileged=False))
    write(own / "denied" / "pod.yaml", pod())
    return write(own / "policy.yaml", told)


def shipped(folder: Path) -> Path:
    """A folder that can stand for GovCloud's own."""
    policy(folder)
    own = folder / "tenants" / "tenant-named"
    write(own / "policy.yaml", NAMED)
    write(own / "allowed" / "named.yaml", "metadata: {id: finance, displayName: 财政局}\n")
    write(own / "denied" / "unnamed.yaml", "metadata: {id: finance, displayName: ''}\n")
    for framework, control, other in (("mlps", "L3-CES1-17", "L3-CES1-24"), ("nist", "AC-6", "AC-7")):
        text = CATALOGUE.format(id=f"{framework}-all", framework=framework, control=control, other=other)
        write(folder / "controls" / f"{framework}-all.yaml", text)
    return folder


def waiver(
    folder: Path,
    identifier: str = "W-2026-001",
    *,
    rule: str = "pod-privileged",
    resource: str = "k8s:core/Pod/a/web",
    approver: str = "zhou.min",
    created: str = "2026-10-01",
    expires: str = "2027-03-01",
) -> Path:
    """A waiver in a folder `policies`, and who may approve it."""
    write(folder / "approvers.yaml", APPROVERS)
    told = WAIVER.format(
        id=identifier, rule=rule, resource=resource, approver=approver, created=created, expires=expires
    )
    return write(folder / "waivers" / f"{identifier}.yaml", told)


def read_once(patch: pytest.MonkeyPatch) -> None:
    """Read and compile GovCloud's own policies once for all tests of a module; what else counts is read each time."""
    patch.setattr(rulebook, "load", _load)
    patch.setattr(books, "compiled", _compiled)


_READ = rulebook.load
_COMPILED = books.compiled
_SHIPPED = resources.folder("policies")


def _load(folders: Sequence[Path]) -> rulebook.Rulebook:
    return _shipped() if tuple(folders) == (_SHIPPED,) else _READ(folders)


@functools.cache
def _shipped() -> rulebook.Rulebook:
    return _READ((_SHIPPED,))


def _compiled(
    book: books.Book, chosen: Sequence[policies.Policy], *, settings: Mapping[str, Any]
) -> tuple[rules.Rule, ...]:
    folders = {entry.policy.metadata.id: entry.folder for entry in book.rulebook.entries}
    if not all(folders[one.metadata.id].is_relative_to(_SHIPPED) for one in chosen):
        return _COMPILED(book, chosen, settings=settings)
    return _of_shipped(tuple(one.metadata.id for one in chosen), json.dumps(settings))


@functools.cache
def _of_shipped(ids: tuple[str, ...], settings: str) -> tuple[rules.Rule, ...]:
    book = books.Book(folders=(_SHIPPED,), rulebook=_shipped())
    return _COMPILED(book, [book.entry(one).policy for one in ids], settings=json.loads(settings))
