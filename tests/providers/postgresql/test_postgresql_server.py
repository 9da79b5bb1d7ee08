"""The handlers against a real PostgreSQL, without Pulumi."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent import futures
from typing import Any, cast

import pytest

from govcloud_cli import errors
from govcloud_cli.providers import postgresql, resource, wire
from govcloud_cli.providers.postgresql import handler
from tests.support import postgres

pytestmark = pytest.mark.engine
Handlers = Mapping[resource.Token, resource.Handler]

HOSTILE = ('x"; DROP ROLE victim; --', "o'brien'); --", "a.b", "财政局", "${x} {{y}} %s", "back\\slash", " ")


def made(handlers: Handlers, kind: str, **properties: Any) -> resource.State:
    """Check and create."""
    checked = handlers[kind].check(properties, old={}, name="thing")
    assert checked.failures == ()
    return handlers[kind].create(checked.inputs, preview=False)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_just_a_name(name: str, handlers: Handlers, database: postgres.Running) -> None:
    database.ask("DROP ROLE IF EXISTS victim; CREATE ROLE victim")
    states = [
        ("Role", made(handlers, "Role", name=name, password=f"p'{name}\"", searchPaths=[name], login=True)),
        ("Database", made(handlers, "Database", name=name, owner=name)),
        ("Schema", made(handlers, "Schema", name=name, database=name, owner=name)),
        (
            "Grant",
            made(handlers, "Grant", role=name, database=name, schema=name, objectType="schema", privileges=["USAGE"]),
        ),
        (
            "DefaultPrivileges",
            made(
                handlers,
                "DefaultPrivileges",
                role="victim",
                owner=name,
                database=name,
                objectType="table",
                privileges=["SELECT"],
            ),
        ),
        ("GrantRole", made(handlers, "GrantRole", role="victim", grantRole=name)),
    ]
    for kind, state in states:
        seen = handlers[kind].read(state)
        assert seen is not None, kind
        inputs = {key: value.value if isinstance(value, wire.Secret) else value for key, value in seen.inputs.items()}
        assert inputs == state.inputs
    assert database.sign_in(user=name, password=f"p'{name}\"", database=name) == name
    assert len(database.ask("SELECT 1 FROM pg_roles WHERE rolname = 'victim'")) == 1
    for kind, state in reversed(states):
        handlers[kind].delete(state)
        assert handlers[kind].read(state) is None or kind in ("Grant", "DefaultPrivileges")
        handlers[kind].delete(state)
    database.ask("DROP ROLE victim")


def test_many_at_once_do_not_disturb_each_other(handlers: Handlers, database: postgres.Running) -> None:
    made(handlers, "Role", name="crowd")
    made(handlers, "Database", name="crowd", owner="crowd")

    def one(number: int) -> None:
        made(handlers, "Role", name=f"crowd_{number}")
        made(handlers, "GrantRole", role=f"crowd_{number}", grantRole="crowd")
        made(handlers, "Grant", role=f"crowd_{number}", database="crowd", objectType="database", privileges=["CONNECT"])

    with futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(one, range(24)))
    assert len(database.ask("SELECT 1 FROM pg_auth_members WHERE roleid = 'crowd'::regrole")) == 24
    database.ask("DROP DATABASE crowd WITH (FORCE)")
    for number in range(24):
        database.ask(f"DROP ROLE crowd_{number}")
    database.ask("DROP ROLE crowd")


def test_a_tenants_search_path_does_not_reach_the_administrator(handlers: Handlers, database: postgres.Running) -> None:
    made(handlers, "Role", name="sly", login=True)
    made(handlers, "Database", name="sly", owner="sly")
    database.ask(
        "SET ROLE sly; CREATE SCHEMA trap;"
        " CREATE FUNCTION trap.lower(varchar) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;"
        " CREATE FUNCTION trap.current_database() RETURNS name LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;"
        " ALTER DATABASE sly SET search_path = trap, pg_catalog",
        database="sly",
    )
    made(handlers, "Schema", name="app", database="sly", owner="sly")
    made(handlers, "Grant", role="sly", database="sly", schema="app", objectType="schema", privileges=["USAGE"])
    database.ask("DROP DATABASE sly WITH (FORCE)")
    database.ask("DROP ROLE sly")


def test_a_role_that_owns_things_is_removed_and_they_stay(handlers: Handlers, database: postgres.Running) -> None:
    state = made(handlers, "Role", name="leaver")
    made(handlers, "Role", name="stayer")
    made(handlers, "Database", name="office", owner="stayer")
    database.ask("CREATE TABLE kept (a int); ALTER TABLE kept OWNER TO leaver", database="office")
    handlers["Role"].delete(state)
    assert database.ask("SELECT tableowner::text FROM pg_tables WHERE tablename = 'kept'", database="office") == [
        ("govcloud_admin",)
    ]
    database.ask("DROP DATABASE office WITH (FORCE)")
    database.ask("DROP ROLE stayer")


def test_an_error_names_its_resource_and_holds_no_statement(handlers: Handlers) -> None:
    with pytest.raises(errors.GovcloudError) as refusal:
        made(handlers, "Role", name="climber", superuser=True, password="never-shown-anywhere")
    told = f"{refusal.value.message} {refusal.value.cause} {refusal.value.remedy}"
    assert refusal.value.where == "role climber"
    assert "never-shown" not in told
    assert "SCRAM" not in told


def test_a_cancelled_run_stops_waiting_for_a_lock(database: postgres.Running) -> None:
    cancelled = threading.Event()
    served = postgresql.configure(
        {"host": str(database.folder), "port": str(database.port), "sslmode": "disable"}, cancelled
    )
    session = cast(handler.Handler, served["postgresql:index/role:Role"]).session

    def wait() -> None:
        with session.connection() as connection:
            threading.Timer(0.5, cancelled.set).start()
            connection.execute("SELECT pg_sleep(60)")

    with pytest.raises(Exception, match="cancel"):
        wait()
    with pytest.raises(errors.RunInterrupted), session.connection():
        pass
