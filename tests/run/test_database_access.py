from __future__ import annotations

import pathlib

from govcloud_cli.model import platforms
from govcloud_cli.providers.postgresql import configuration
from govcloud_cli.run import database_access, workspace
from stacks.components import databases
from tests.support import engine, inventories


def test_a_run_signs_in_to_a_server_exactly_as_the_stacks_do(tmp_path: pathlib.Path) -> None:
    folder = workspace.SideFolder(path=tmp_path / "internal", side=platforms.Side.INTERNAL)
    machine = next(one for one in inventories.lab().platform.spec.machines if one.id == "internal-db")
    found = configuration.settings(database_access.of(machine, folder))
    access = databases.Access(
        host=found.host,
        root_certificate=str(folder.pki / "services-ca.crt"),
        client_certificate=str(folder.pki / "database-admin.crt"),
        client_key=str(folder.pki / "database-admin.key"),
    )

    def program() -> None:
        access.provider()

    (provider,) = engine.run(program)
    assert found == configuration.settings(provider.inputs)
    assert found.sslmode == "verify-full"
