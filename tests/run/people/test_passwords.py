"""What a person is told whose password the realm refuses."""

from __future__ import annotations

import pytest

from govcloud_cli.run.people import passwords
from stacks.components import realms

PASSWORD = "Aa1-short"


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        ("invalidPasswordMinLengthMessage: Invalid password: minimum length 12.", "too short: at least 12 characters"),
        ("invalidPasswordMinLengthMessage: 无效的密码：最短长度 12。", "长度至少 12 位"),
        ("invalidPasswordHistoryMessage: Invalid password: must not be equal to any of last 5 passwords.", "last 5"),
        ("invalidPasswordMinUpperCaseCharsMessage: must contain at least 1 upper case characters.", "capital letter"),
        ("invalidPasswordMinLowerCaseCharsMessage: must contain at least 1 lower case characters.", "small letter"),
        ("invalidPasswordMinDigitsMessage: must contain at least 1 numerical digits.", "lacks a digit"),
        ("invalidPasswordMinSpecialCharsMessage: at least 1 special characters.", "neither letter nor digit"),
        ("invalidPasswordNotUsernameMessage: must not be equal to the username.", "the person's own id"),
    ],
)
def test_the_rule_that_was_broken_is_told_in_a_sentence(cause: str, told: str) -> None:
    found = passwords.told(cause, PASSWORD)
    assert told in found
    assert "Invalid" not in found


def test_words_that_we_do_not_know_are_told_without_the_password() -> None:
    assert passwords.told(f"no good: {PASSWORD}", PASSWORD) == "no good: (withheld)"
    assert passwords.told(f"invalidPasswordNewRuleMessage: {PASSWORD}", PASSWORD).endswith(": (withheld)")


def test_the_rules_are_those_of_the_realm() -> None:
    kinds = {"upperCase(1)", "lowerCase(1)", "digits(1)", "specialChars(1)"}
    assert {"length(12)", "passwordHistory(5)", *kinds} <= set(realms._PASSWORD_RULES)
    assert "12 characters" in passwords.RULES
    assert "last five" in passwords.RULES
