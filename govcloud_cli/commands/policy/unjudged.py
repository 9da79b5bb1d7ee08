"""What could not be judged, as text: by object, since one malformed object makes every rule about it fail.

Why a rule's expression failed is of use to who writes rules, and stands in `--json`; who writes manifests is told what
of the object is not as Kubernetes has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from govcloud_cli import counting
from govcloud_cli.commands.policy import words
from govcloud_cli.compliance import findings, forms, shapes, subjects

if TYPE_CHECKING:
    Results = Sequence[findings.Result]

FIRST = 5
"""Objects, rules, places and reasons that are told one by one; the others are counted."""
_LABEL = ("not judged (未能判定)", "bold red")
_SORTS = {
    forms.Sort.MAPPING: ("a mapping", "映射"),
    forms.Sort.LIST: ("a list", "列表"),
    forms.Sort.TEXT: ("a text", "文本"),
    forms.Sort.NUMBER: ("a number", "数字"),
    forms.Sort.FLAG: ("true or false", "布尔值"),
    forms.Sort.QUANTITY: ("a text or a number", "文本或数字"),
}
# Types and operators of the engine, which no manifest has.
_ENGINE = re.compile(r"(?<=types do not fit):.*")

_PATCH = (
    (
        "judge whole objects; a patch or an overlay is rendered first, e.g. "
        "`kubectl kustomize DIR | govcloud policy check -` or `helm template CHART | govcloud policy check -`"
    ),
    (
        "请检查完整的对象；补丁或 overlay 须先渲染，例如 kubectl kustomize DIR | govcloud policy check - "
        "或 helm template CHART | govcloud policy check -"
    ),
)
_FORM = (
    "write it as Kubernetes has it (`kubectl explain` shows the fields); its API server refuses the object as it is",
    "请按 Kubernetes 的格式书写（kubectl explain 可查字段）；按现有写法，API 服务器会拒绝该对象",
)
_UNKNOWN = (
    "say the value in the program, so that it is known before `pulumi up`, or judge again once it is known",
    "请在程序中写明该值，使其在 pulumi up 之前已知；或待其确定后再次检查",
)
_UNREADABLE = (
    "mend the object: nobody can read it for certain, and no API server takes it as it is",
    "请修正该对象：其内容无法可靠读取，API 服务器也不会接受",
)
_RULE = (
    "if Kubernetes takes the object as it is, the policy is at fault: `--json` says why each failed",
    "若 Kubernetes 接受该对象，则策略有误：--json 列出每条策略的具体原因",
)


def lines(results: Iterable[findings.Result], *, everything: bool) -> Iterator[words.Parts]:
    """A block for each object; where a few rules fail on many objects that look right, one for each rule."""
    of_objects, of_rules = _split(results)
    shown = of_objects if everything else of_objects[:FIRST]
    for group in shown:
        yield from _object(group, everything=everything)
    if len(of_objects) > len(shown):
        yield _LABEL, (f": {len(of_objects) - len(shown)} more objects; --all lists them", "")
        yield ()
    for group in of_rules:
        yield from _rule(group, everything=everything)


def _split(results: Iterable[findings.Result]) -> tuple[list[Results], list[Results]]:
    """By object; and by rule what no object explains, if that is fewer blocks."""
    by_object: dict[tuple[str, subjects.Place | None], list[findings.Result]] = {}
    for result in results:
        by_object.setdefault((result.subject.key, result.subject.place), []).append(result)
    explained = [group for group in by_object.values() if _explains(group)]
    others = [group for group in by_object.values() if not _explains(group)]
    by_rule: dict[str, list[findings.Result]] = {}
    for result in (one for group in others for one in group):
        by_rule.setdefault(result.policy.metadata.id, []).append(result)
    if len(others) <= len(by_rule):
        return [*by_object.values()], []
    return [*explained], [*by_rule.values()]


def _explains(group: Results) -> bool:
    return bool(_is_unreadable(group) or group[0].subject.unknown or shapes.of(group[0].subject))


def _is_unreadable(group: Results) -> bool:
    return group[0].message.startswith(findings.UNREADABLE)


def _object(group: Results, *, everything: bool) -> Iterator[words.Parts]:
    subject = group[0].subject
    rules = list(dict.fromkeys(result.policy.metadata.id for result in group))
    told = f" by {counting.counted(len(rules), 'rule')}"
    yield _LABEL, (f" {words.plain(subject.key)}", "bold"), (told, "")
    reasons, fix = _reasons(group)
    yield from _listed([(_place(group), words.plain(reason)) for reason in reasons], everything=everything)
    first = rules if everything else rules[:FIRST]
    more = f" and {len(rules) - len(first)} more" if len(rules) > len(first) else ""
    yield ("  rules: ", "cyan"), (", ".join(first) + more, "")
    yield from _fixes(fix)


def _reasons(group: Results) -> tuple[list[str], tuple[str, str]]:
    """What is wrong with the object, or was said of it; and what to do about it."""
    subject = group[0].subject
    if _is_unreadable(group):
        return [group[0].message], _UNREADABLE
    if subject.unknown:
        return [f"{_named(path)} is not known before `pulumi up` (部署前未知)" for path in subject.unknown], _UNKNOWN
    found = shapes.of(subject)
    if found:
        return [_fault(one) for one in found], _PATCH if found[0].found is None else _FORM
    return list(dict.fromkeys(_reason(result) for result in group)), _RULE


def _fault(fault: shapes.Fault) -> str:
    wanted, wanted_zh = _SORTS[fault.wanted]
    if fault.found is None:
        return f"{_named(fault.path)} is missing, Kubernetes has {wanted} there (缺失，应为{wanted_zh})"
    found, found_zh = _SORTS[fault.found]
    return f"{_named(fault.path)} is {found}, Kubernetes has {wanted} there (应为{wanted_zh}，实为{found_zh})"


def _named(path: subjects.Path) -> str:
    return subjects.written(path) or "the whole object"


def _reason(result: findings.Result) -> str:
    reason = _ENGINE.sub("", result.message)
    return f"{reason} (at {subjects.written(result.path)})" if result.path else reason


def _place(group: Results) -> str:
    """File and line of the first that knows a line."""
    place = group[0].subject.place
    if place is None:
        return ""
    line = next((f":{result.line}" for result in group if result.line is not None), "")
    return f"{words.plain(place.file)}{line} "


def _listed(told: Sequence[tuple[str, str]], *, everything: bool) -> Iterator[words.Parts]:
    shown = told if everything else told[:FIRST]
    for place, reason in shown:
        yield ("  - ", ""), (place, "cyan"), (reason, "")
    if len(told) > len(shown):
        yield ("  - ", ""), (f"… and {len(told) - len(shown)} more; --all lists them", "dim")


def _rule(group: Results, *, everything: bool) -> Iterator[words.Parts]:
    policy = group[0].policy
    title = policy.metadata.title
    times = f"  ×{len(group)}" if len(group) > 1 else ""
    yield _LABEL, (f" {policy.metadata.id}", "bold"), (f": {title.en} ({title.zh}){times}", "")
    told = [(_place([one]), f"{words.plain(one.subject.key)}: {words.plain(_reason(one))}") for one in group]
    yield from _listed(told, everything=everything)
    yield from _fixes(_RULE)


def _fixes(fix: tuple[str, str]) -> Iterator[words.Parts]:
    yield ("  fix: ", "cyan"), (fix[0], "")
    yield ("  处置: ", "cyan"), (fix[1], "")
    yield ()
