"""The last of the tier: the lab goes, and nothing of it stays."""

from __future__ import annotations

import pytest

from tests.lab import conftest, driver

pytestmark = pytest.mark.lab


def test_destroy_asks_first_where_nobody_can_answer(cloud: driver.Cloud) -> None:
    assert "add --yes" in cloud.run("destroy", code=2).stderr
    assert cloud.json("status")["deployed"]


def test_destroy_leaves_nothing(lab: conftest.Lab) -> None:
    own = {lab.cloud.forward(side) for side in lab.cloud.sides}
    assert own <= driver.listeners()
    assert lab.cloud.traces() != []
    assert lab.cloud.json("destroy", "--yes")["changed"]
    assert lab.cloud.traces() == []
    assert driver.host_links() == lab.links
    assert not own & driver.listeners()
    assert not lab.cloud.json("destroy", "--yes")["changed"]
