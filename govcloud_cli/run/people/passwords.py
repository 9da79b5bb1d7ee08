"""Which rule of the realm a password breaks, in words for the person who has to choose another one."""

from __future__ import annotations

import re
from typing import Final

RULES: Final = (
    "12 characters or more, of all four kinds: capital and small letters, digits, others such as - or !; "
    "none of the last five\n口令至少 12 位, 须含大写字母、小写字母、数字和特殊字符, 不得与最近五次相同"
)
"""What the realm asks of a password, as `stacks.components.realms` sets it."""
_KEY: Final = re.compile(r"\binvalidPassword(\w+)Message\b")
"""Keycloak's name for the rule that was broken (`messages_en.properties` of its admin theme); its sentence follows."""
_NUMBER: Final = re.compile(r"\d+")
_TOLD: Final = {
    "MinLength": "it is too short: at least {} characters (长度至少 {} 位)",
    "MaxLength": "it is too long: at most {} characters (长度最多 {} 位)",
    "MinUpperCaseChars": "it lacks a capital letter, A to Z (缺少大写字母)",
    "MinLowerCaseChars": "it lacks a small letter, a to z (缺少小写字母)",
    "MinDigits": "it lacks a digit (缺少数字)",
    "MinSpecialChars": "it lacks a character that is neither letter nor digit (缺少特殊字符)",
    "NotUsername": "it is the person's own id (不得与账号相同)",
    "NotContainsUsername": "it contains the person's own id (不得包含账号)",
    "History": "it is one of the last {} passwords (不得与最近 {} 次相同)",
    "Blacklisted": "it is on the list of passwords that everybody tries (属于常见弱口令)",
}


def told(cause: str, password: str) -> str:
    """The rule in a sentence; Keycloak's own words without the password where it names none that we know."""
    key = _KEY.search(cause)
    sentence = _TOLD.get(key[1]) if key else None
    if key is None or sentence is None:
        return cause.replace(password, "(withheld)")
    number = _NUMBER.search(cause, key.end())
    return sentence.replace("{}", number[0] if number else "?")
