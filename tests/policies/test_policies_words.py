"""One thing has one word in Chinese, in every policy and catalogue."""

from __future__ import annotations

import re

import pytest
import yaml

from govcloud_cli import resources

POLICIES = resources.folder("policies")
FILES = sorted([*POLICIES.glob("*/*/policy.yaml"), *POLICIES.glob("controls/*.yaml")])
WORDS = {"Pod": "容器组", "持久卷声明": "持久卷申领", "网络规则": "网络策略", "帐号": "账号"}
"""What is not written, and what is instead; names of fields and kinds (`podSelector`) stay as they are."""


def chinese(value: object) -> list[str]:
    """Everything below a key `zh`."""
    if isinstance(value, dict):
        own = [text for key, text in value.items() if key == "zh" and isinstance(text, str)]
        return own + [text for below in value.values() for text in chinese(below)]
    return [text for below in value for text in chinese(below)] if isinstance(value, list) else []


@pytest.mark.parametrize(("not_this", "but"), WORDS.items())
def test_a_thing_is_called_by_one_word_throughout(not_this: str, but: str) -> None:
    pattern = re.compile(rf"(?<![A-Za-z]){re.escape(not_this)}s?(?![A-Za-z])")
    texts = [(path, text) for path in FILES for text in chinese(yaml.safe_load(path.read_text("utf-8")))]

    assert len(texts) > 500
    assert [(path.parent.name, text) for path, text in texts if pattern.search(text)] == [], f"write {but}"
