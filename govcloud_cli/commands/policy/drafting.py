"""The files of a new policy: commented, and right as they are. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator

from govcloud_cli.commands.policy import sketches

AREAS = tuple(sketches.SKETCHES)


def files(identifier: str, *, area: str) -> dict[str, str]:
    """Path below `policies/` -> text. `area` is one of `AREAS`."""
    sketch = sketches.SKETCHES[area]
    folder = f"{area}/{identifier}"
    return {
        f"{folder}/policy.yaml": "\n".join(_lines(identifier, sketch)) + "\n",
        f"{folder}/allowed/sample.yaml": f"# What the policy lets pass. 符合要求的样例\n{sketch.allowed}",
        f"{folder}/denied/sample.yaml": f"# What it finds. 不符合要求的样例\n{sketch.denied}",
    }


def _lines(identifier: str, sketch: sketches.Sketch) -> Iterator[str]:
    yield f"# A compliance policy (合规策略). After every change: govcloud policy test {identifier}"
    yield "apiVersion: govcloud/v1"
    yield "kind: Policy"
    yield "metadata:"
    yield "  # The folder's name; never changes, because findings and waivers name it. 编号不再更改"
    yield f"  id: {identifier}"
    yield "  # What is demanded, in one line. 要求"
    yield f"  title: {{en: {_quoted(sketch.en)}, zh: {_quoted(sketch.zh)}}}"
    yield "spec:"
    yield "  # critical and high stop a deploy; medium should be mended; low is good practice. 严重程度"
    yield "  severity: medium"
    yield "  # Whether policies/waivers/ may let single resources be. 是否允许豁免"
    yield "  waivable: true"
    yield "  # The least strict profile that holds it: baseline, mlps-l2, mlps-l3. 最低等级"
    yield "  profile: baseline"
    yield "  # What it stands for, e.g. mlps: [L3-CES1-17]; `govcloud policy coverage` lists them. 对应控制点"
    yield "  controls: {mlps: [], nist: [], cis: []}"
    yield "  # What goes wrong without it."
    yield "  rationale:"
    yield "    en: Write here what goes wrong where this is not so, in a sentence or two."
    yield "    zh: 在此用一两句话写明不满足该要求时会出现的问题。"
    yield "  # What to do about a finding. 处置办法"
    yield "  remediation:"
    yield "    en: Write here what to change, and to what."
    yield "    zh: 请在此写明应当修改什么，以及改成什么。"
    yield "  # What it looks at: one document each, in CEL `object`."
    yield f"  input: {sketch.input}"
    yield from sketch.about.splitlines()
    yield "  # CEL as in a ValidatingAdmissionPolicy: what must be true. What may be absent is asked for with `.?`."
    yield "  validations:"
    yield f"    - expression: {_quoted(sketch.expression)}"
    yield "      # Names the culprit; or `message:` for plain words."
    yield f"      messageExpression: {_quoted(sketch.message)}"
    yield "      # Where in the document, for the line of the finding."
    yield f"      pointer: {sketch.pointer}"
    if sketch.input == "kubernetes":
        yield "  # deny: the API server refuses it too, by the same text. none: only here. 集群是否同时拒绝"
        yield "  cluster: deny"


def _quoted(value: str) -> str:
    # JSON's strings are YAML's.
    return json.dumps(value, ensure_ascii=False)
