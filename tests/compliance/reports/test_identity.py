"""Names that stay."""

from __future__ import annotations

import dataclasses
import uuid

from govcloud_cli.compliance.reports import identity
from govcloud_cli.model import policies
from tests.compliance.reports import reporting


def test_a_finding_keeps_its_fingerprint_when_it_moves_or_is_told_otherwise() -> None:
    before = reporting.result(reporting.PRIVILEGED, reporting.WEB, line=17)
    after = dataclasses.replace(before, line=99, message="containers run privileged: web, db")
    assert identity.fingerprint(before) == identity.fingerprint(after)


def test_another_rule_or_another_resource_has_another_fingerprint() -> None:
    rules = (reporting.PRIVILEGED, reporting.IMAGES)
    about = (reporting.WEB, reporting.subject("k8s:apps/Deployment/finance-prod/web2"), reporting.subject("\ud800"))
    found = {identity.fingerprint(reporting.result(rule, one)) for rule in rules for one in about}
    assert len(found) == 6


def test_names_that_are_joined_do_not_meet() -> None:
    assert identity.named("a", "b") != identity.named("a b")
    assert identity.named("a", "b") == identity.named("a", "b")
    assert uuid.UUID(identity.named("\ud800")).version == 5


def test_the_namespace_is_derived_from_the_site() -> None:
    assert uuid.uuid5(uuid.NAMESPACE_URL, identity.SITE) == identity.NAMESPACE


def test_the_digest_of_rules_knows_their_text_and_not_their_order() -> None:
    same = identity.ruleset(reversed(reporting.RULES))
    assert identity.ruleset(reporting.RULES) == same
    stricter = reporting.policy("image-digest", severity=policies.Severity.HIGH)
    assert identity.ruleset((*reporting.RULES[:2], stricter, reporting.RULES[3])) != same
