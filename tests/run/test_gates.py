"""What stops a deploy before it changes anything: the policies as they are, over the lab's own plan."""

from __future__ import annotations

import datetime
import pathlib

import pytest
import yaml

from govcloud_cli import errors
from govcloud_cli.compliance import findings
from govcloud_cli.model import platforms
from govcloud_cli.run import applied, gates, policies, sites
from tests.support import deploying, inventories

TODAY = datetime.date(2026, 11, 22)
RULE = "tenant-allowance-ports"


@pytest.fixture
def lab(tmp_path: pathlib.Path) -> pathlib.Path:
    return inventories.copy("lab", tmp_path)


def telnet(lab: pathlib.Path) -> None:
    """A tenant of the lab opens telnet to a zone: a finding of `high`."""

    def change(spec: dict[str, object]) -> None:
        allowance = {"direction": "outbound", "peer": {"zone": "external"}, "ports": [23], "reason": "旧设备维护"}
        network = spec.setdefault("network", {})
        assert isinstance(network, dict)
        network.setdefault("allow", []).append(allowance)

    deploying.edit(lab, "finance", change)


def waive(lab: pathlib.Path, *, expires: str, approver: str = "sec.lead") -> None:
    """The environment's own policies waive everything that `telnet` is found for."""
    own = lab.parent.parent / "policies"
    (own / "waivers").mkdir(parents=True)
    approvers = {"apiVersion": "govcloud/v1", "kind": "WaiverApprovers", "people": ["sec.lead"]}
    (own / "approvers.yaml").write_text(yaml.safe_dump(approvers), encoding="utf-8")
    with pytest.raises(errors.PolicyDeniedError) as caught:
        gate(lab)
    found: dict[str, list[str]] = {}
    for line in (caught.value.cause or "").splitlines():
        _, rule, resource, *_ = line.split()
        found.setdefault(rule.rstrip(":"), []).append(resource.rstrip(":"))
    for number, (rule, resources) in enumerate(found.items(), start=1):
        document = {
            "apiVersion": "govcloud/v1",
            "kind": "Waiver",
            "metadata": {"id": f"W-2026-{number:03}"},
            "spec": {
                "rule": rule,
                "resources": resources,
                "reason": "旧设备于明年一月更换完毕",
                "owner": "gu.wenbo",
                "approver": approver,
                "created": "2026-10-01",
                "expires": expires,
            },
        }
        text = yaml.safe_dump(document, allow_unicode=True)
        (own / "waivers" / f"telnet-{number}.yaml").write_text(text, encoding="utf-8")


def gate(lab: pathlib.Path, today: datetime.date = TODAY) -> findings.Report:
    site = sites.load(lab, side="external")
    return gates.policies(site, lab, sites.plan(site, today=today), today=today)


def test_the_lab_passes_and_the_note_says_what_was_judged(lab: pathlib.Path) -> None:
    report = gate(lab)

    note = gates.policies_note(report)
    assert f"{len(report.rules)} policies of mlps-l3" in note
    assert f"{report.evaluations} judgements" in note
    assert len(report.rules) > 90


def test_a_mandatory_finding_stops_the_deploy_with_its_place(lab: pathlib.Path) -> None:
    telnet(lab)

    with pytest.raises(errors.PolicyDeniedError) as caught:
        gate(lab)

    assert caught.value.exit_code == errors.ExitCode.POLICY_DENIED
    assert caught.value.cause is not None
    assert f"high {RULE}: tenant:finance ({lab}/tenants/finance.yaml:" in caught.value.cause
    assert "policy check" in (caught.value.remedy or "")


def test_a_waiver_lets_it_be_until_its_last_day_and_stops_the_deploy_after_it(lab: pathlib.Path) -> None:
    telnet(lab)
    waive(lab, expires="2026-11-30")

    report = gate(lab, datetime.date(2026, 11, 30))

    waived = report.of(findings.Outcome.WAIVED)
    assert RULE in {one.policy.metadata.id for one in waived}
    assert f"{len(waived)} waived" in gates.policies_note(report)
    with pytest.raises(errors.PolicyDeniedError) as caught:
        gate(lab, datetime.date(2026, 12, 1))
    assert "waiver W-2026-001" in (caught.value.cause or "")


def test_a_waiver_that_its_owner_approved_lets_nothing_be(lab: pathlib.Path) -> None:
    telnet(lab)
    waive(lab, expires="2026-11-30", approver="gu.wenbo")

    with pytest.raises(errors.PolicyDeniedError):
        gate(lab)


def test_what_could_not_be_judged_is_no_pass_and_another_exit_code(
    lab: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule of one's own that meets what it cannot evaluate."""
    own = lab.parent.parent / "policies" / "tenants" / "tenant-broken"
    for kind in ("allowed", "denied"):
        (own / kind).mkdir(parents=True)
        (own / kind / "one.yaml").write_text(
            f"metadata: {{id: one}}\nspec: {{number: {1 if kind == 'allowed' else 2}}}\n", encoding="utf-8"
        )
    shipped = pathlib.Path(policies.__file__).parents[2] / "policies" / "tenants" / RULE / "policy.yaml"
    document = yaml.safe_load(shipped.read_text(encoding="utf-8"))
    document["metadata"]["id"] = "tenant-broken"
    document["spec"] |= {"validations": [{"expression": "object.spec.number == 1", "message": "it is another number"}]}
    document["spec"].pop("variables", None)
    (own / "policy.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")

    with pytest.raises(errors.UnjudgedError) as caught:
        gate(lab)

    assert caught.value.exit_code == errors.ExitCode.BAD_INPUT
    assert "error tenant-broken: tenant:finance" in (caught.value.cause or "")


def test_a_deploy_that_the_policies_stop_changes_nothing_and_leaves_no_record(
    lab: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = deploying.install(monkeypatch, tmp_path, judged=True)
    telnet(lab)

    with pytest.raises(errors.PolicyDeniedError):
        deploying.run(lab)

    assert (world.ran_roles, world.ran_stacks) == ([], [])
    site = sites.load(lab, side="external")
    assert applied.load(site.space.side(platforms.Side.EXTERNAL)).entries == {}


def test_what_passes_is_guarded_by_the_clusters_too(lab: pathlib.Path) -> None:
    site = sites.load(lab, side="external")
    (side,) = sites.plan(site, today=TODAY).sides
    (bare,) = sites.plan(site, today=TODAY, guards=()).sides

    kinds = [manifest["kind"] for manifest in side.cluster[len(bare.cluster) :]]
    assert kinds.count("ValidatingAdmissionPolicy") == kinds.count("ValidatingAdmissionPolicyBinding") > 50
    assert len(kinds) == 2 * kinds.count("ValidatingAdmissionPolicy")
