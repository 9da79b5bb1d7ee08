"""What a session with the identity service needs to be there."""

from __future__ import annotations

import pathlib

import pytest

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.plan import identity
from govcloud_cli.run import workspace
from govcloud_cli.run.keycloak import connection


@pytest.mark.parametrize("authority", ["", " \n"])
def test_without_an_authority_nobody_is_trusted(tmp_path: pathlib.Path, authority: str) -> None:
    folder = workspace.SideFolder(path=tmp_path / ".govcloud" / "lab" / "external", side=platforms.Side.EXTERNAL)
    workspace.write(folder.secrets / identity.ENGINE_SECRET, "s")
    workspace.write(folder.pki / "services-ca.crt", authority)
    with pytest.raises(errors.GovcloudError, match="certificate is empty"):
        connection.Server.of(folder, "https://192.0.2.1:8443")
