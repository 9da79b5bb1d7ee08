"""Names and texts that somebody might try: each means something to a shell, a path, SQL, nft, Jinja, YAML or an eye."""

from __future__ import annotations

import random
from collections.abc import Iterator

from hypothesis import strategies as st

from govcloud_cli.inventory import sources
from govcloud_cli.model import names

FRAGMENTS = (
    "../", "..", "/etc/passwd", "./", "~root", "C:\\", "\\", "//", "-rf", "--help", "-", "--", "-o ProxyCommand=id",
    "$(id)", "`id`", "${IFS}", "; id", "&& id", "| id", "> /x", "\n", "\r\n", "\t", " ", "'", '"', "*", "?", "[a]",
    "!x", "'; DROP TABLE x; --", '"; DROP ROLE x', "$$", "E'\\x00'", "\\copy", ":'x'", "%s", "%(x)s", "--x", "/**/",
    "{{ 7*7 }}", "{% raw %}", "{# x #}", "{{lookup('pipe','id')}}", "!unsafe", "!!python/object", "&a", "*a", "<<",
    '" : drop', "} flush ruleset {", '"; accept #', "@set", "# x", "comment", ": x", "- x", "[x", "{x", "yes", "null",
    "~", "010", "1e3", "\u202e", "\u2066", "\u200b", "\u200f", "\ufeff", "\x00", "\x07", "\x1b[31m", "\x1b]0;x\x07",
    "\x7f", "\x85", "\x9b31m", "\u2028", "\ud800", "\udcff", "а", "е", "і", "ο", "ѕ", "\u212a", "\u0131", "ﬁ", "１",
    "财政局", "é", "e\u0301", "ß", "İ", "𝐟", "A", "Z", "_", ".", ",", "@", "+", "%2e%2e", "&amp;", "<script>",
)  # fmt: skip
"""What is no part of any id, or is one only together with others."""
WORDS = (
    "finance", "finance-tax", "tax", "prod", "dev", "test", "staging", "kube-system", "kube", "pg", "postgres",
    "default", "govcloud", "govcloud-x", "internal", "external", "template1", "root", "admin", "public", "none",
    "mgmt0", "rn", "m", "0", "1", "l", "o", "a", "b", "x1", "owner", "rw", "ro", "access", "0a", "a0", "con", "nul",
)  # fmt: skip
"""What ids are made of, reserved and look-alike ones too."""


def candidates(count: int, seed: int) -> Iterator[str]:
    """`count` names: path-like, option-like, for shells, SQL, nft and Jinja, of other scripts, too long, and mixed."""
    chance = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789-"
    for number in range(count):
        match number % 5:
            case 0:
                yield "".join(chance.choices((*FRAGMENTS, *WORDS), k=chance.randint(1, 4)))
            case 1:
                yield chance.choice(("-", "", "_", "--")).join(chance.choices(WORDS, k=chance.randint(1, 4)))
            case 2:
                yield "".join(chance.choices(letters, k=chance.randint(0, 40)))
            case 3:
                word = chance.choice(WORDS)
                place = chance.randint(0, len(word))
                yield word[:place] + chance.choice(FRAGMENTS) + word[place:]
            case _:
                yield "".join(chr(chance.randrange(0x110000)) for _ in range(chance.randint(1, 12)))


def is_line(text: str) -> bool:
    """Whether the reader lets it through as one line."""
    return not sources.forbidden_in_value(text) and not set(text) & {"\n", "\t"}


def lines(*, least: int, most: int) -> st.SearchStrategy[str]:
    """Texts that a field for people takes, most of them made to break out of wherever they are written."""
    whole = [text for text in (*FRAGMENTS, *WORDS) if is_line(text)]
    letters = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]).filter(is_line)
    parts = st.one_of(st.sampled_from(whole), st.text(letters, min_size=1, max_size=8))
    # Every part has a character at least.
    return st.lists(parts, min_size=least, max_size=12).map(lambda found: "".join(found)[:most])


def reasons() -> st.SearchStrategy[str]:
    """Reasons: 4 to 200 characters."""
    return lines(least=4, most=200)


def display_names() -> st.SearchStrategy[str]:
    """Display names: 1 to 80 characters."""
    return lines(least=1, most=80)


ENVIRONMENTS = names.ENVIRONMENTS
