"""The provider under the real Pulumi engine, against a real PostgreSQL, as an administrator who is no superuser."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import psycopg
import pulumi
import pytest
from pulumi import automation

from tests.providers.postgresql import conftest
from tests.support import postgres

with warnings.catch_warnings():  # the SDK warns about a module of its own
    warnings.simplefilter("ignore", DeprecationWarning)
    import pulumi_postgresql as postgresql

pytestmark = [pytest.mark.engine, pytest.mark.filterwarnings("default")]

PASSWORD = "correct-horse-battery"


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """Let what Pulumi leaves open after a failed run be found here, where it is no error."""
    yield
    gc.collect()


def tenant(database: postgres.Running, name: str, **choices: Any) -> Callable[[], None]:
    """Return a program for one tenant: a database, its owner, rw and ro roles, and their privileges."""

    def program() -> None:
        provider = postgresql.Provider(f"{name}-server", **database.administrator)
        at = pulumi.ResourceOptions(provider=provider)
        access = postgresql.Role(f"{name}-access", name=f"{name}_access", opts=at)
        owner = postgresql.Role(f"{name}-owner", name=f"{name}_owner", opts=at)
        password = pulumi.Output.secret(choices.get("password", PASSWORD))
        users = {
            kind: postgresql.Role(
                f"{name}-{kind}",
                name=choices.get(kind, f"{name}_{kind}"),
                login=True,
                password=password,
                connection_limit=choices.get("limit", 12),
                statement_timeout=60000,
                search_paths=["app", "public"],
                opts=at,
            )
            for kind in ("rw", "ro")
        }
        made = postgresql.Database(
            name,
            name=name,
            owner=owner.name,
            template="template1",
            lc_collate=choices.get("collate", "C.UTF-8"),
            lc_ctype="C.UTF-8",
            connection_limit=choices.get("limit", 12),
            allow_connections=choices.get("allow", True),
            opts=at,
        )
        postgresql.Grant(
            f"{name}-public", database=made.name, role="public", object_type="database", privileges=[], opts=at
        )
        postgresql.Grant(
            f"{name}-connect",
            database=made.name,
            role=access.name,
            object_type="database",
            privileges=["CONNECT"],
            opts=at,
        )
        app = postgresql.Schema(f"{name}-app", name="app", database=made.name, owner=owner.name, opts=at)
        postgresql.Extension(f"{name}-trgm", name="pg_trgm", database=made.name, opts=at)
        for kind, user in users.items():
            writes = kind == "rw"
            postgresql.GrantRole(f"{name}-{kind}-access", role=user.name, grant_role=access.name, opts=at)
            inside: Any = {"database": made.name, "role": user.name}
            words = ["SELECT", "INSERT", "UPDATE", "DELETE"] if writes else ["SELECT"]
            postgresql.Grant(
                f"{name}-{kind}-app", object_type="schema", schema=app.name, privileges=["USAGE"], **inside, opts=at
            )
            postgresql.Grant(
                f"{name}-{kind}-tables", object_type="table", schema=app.name, privileges=words, **inside, opts=at
            )
            postgresql.DefaultPrivileges(
                f"{name}-{kind}-later",
                owner=owner.name,
                schema=app.name,
                object_type="table",
                privileges=words,
                **inside,
                opts=at,
            )

    return program


def changes(result: Any) -> Mapping[str, int]:
    """Return the counts of what an update or a refresh did, without `same`."""
    counts = result.summary.resource_changes or {}
    return {
        str(getattr(kind, "value", kind)): number for kind, number in counts.items() if "same" not in str(kind).lower()
    }


def recorded(engine: conftest.Engine) -> str:
    """Return the state as it is on the disk; `export_stack` would decrypt it."""
    files = [path for path in (engine.folder / "state").rglob("*.json") if path.is_file()]
    assert files
    return "".join(path.read_text() for path in files)


def lost(stack: automation.Stack) -> None:
    """Forget everything that the stack recorded."""
    deployment = stack.export_stack()
    assert deployment.deployment is not None
    empty = {"manifest": deployment.deployment["manifest"]}
    stack.import_stack(automation.Deployment(version=deployment.version, deployment=empty))


def test_the_life_of_a_tenant(engine: conftest.Engine, database: postgres.Running) -> None:
    stack = engine.stack("life", tenant(database, "life"))
    stack.preview()
    assert database.ask("SELECT 1 FROM pg_database WHERE datname = 'life'") == [], "a preview changes nothing"

    assert set(changes(stack.up())) == {"create"}
    assert database.sign_in(user="life_rw", password=PASSWORD, database="life") == "life_rw"
    assert changes(stack.up()) == {}, "nothing changed"
    assert changes(stack.refresh()) == {}, "what the server fills in is no drift"
    owner, public = database.ask(
        "SELECT pg_get_userbyid(datdba), datacl::text FROM pg_database WHERE datname = 'life'"
    )[0]
    assert owner == "life_owner"
    assert "{=" not in public, "everyone's right to connect is revoked"
    assert ",=" not in public
    members = database.ask(
        "SELECT pg_get_userbyid(roleid) FROM pg_auth_members WHERE member = 'govcloud_admin'::regrole"
        " AND roleid::regrole::text NOT LIKE 'pg%'"
    )
    assert members == [], "the administrator keeps no membership"
    assert PASSWORD not in recorded(engine)
    assert PASSWORD not in database.log(), "the server logs every statement here, and none holds a password"

    later = engine.stack("life", tenant(database, "life", limit=15, rw="life_writer", password="another-long-one"))
    assert set(changes(later.up())) <= {"update", "replace", "create-replacement", "delete-replaced"}
    assert database.ask("SELECT datconnlimit FROM pg_database WHERE datname = 'life'") == [(15,)]
    assert database.ask("SELECT 1 FROM pg_roles WHERE rolname = 'life_rw'") == [], "renamed in place"
    assert database.sign_in(user="life_writer", password="another-long-one", database="life") == "life_writer"
    assert changes(later.up()) == {}
    assert changes(later.refresh()) == {}

    later.destroy()
    assert database.ask("SELECT datname::text FROM pg_database WHERE datname = 'life'") == []
    assert database.ask("SELECT rolname FROM pg_roles WHERE rolname LIKE 'life%'") == []


def test_the_privileges_are_those_declared(engine: conftest.Engine, database: postgres.Running) -> None:
    stack = engine.stack("privileges", tenant(database, "priv"))
    stack.up()
    database.ask("SET ROLE priv_owner; CREATE TABLE app.t (a int); INSERT INTO app.t VALUES (1)", database="priv")

    def act(user: str, query: bytes) -> None:
        with psycopg.connect(
            host="127.0.0.1", port=database.port, user=user, password=PASSWORD, dbname="priv", sslmode="require"
        ) as connection:
            connection.execute(query)

    act("priv_rw", b"UPDATE t SET a = 2")
    act("priv_ro", b"SELECT a FROM t")
    for user, query in (
        ("priv_ro", b"UPDATE t SET a = 3"),
        ("priv_rw", b"DROP TABLE t"),
        ("priv_ro", b"CREATE TABLE app.u ()"),
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            act(user, query)
    assert changes(stack.refresh()) == {}, "a table made later has what the default privileges gave it"
    with pytest.raises(automation.CommandError) as refusal:
        stack.destroy()
    assert "other objects depend on it" in str(refusal.value), "a schema with tables is not dropped by the way"
    database.ask("DROP TABLE app.t", database="priv")
    stack.destroy()


def test_drift_is_found_and_mended(engine: conftest.Engine, database: postgres.Running) -> None:
    stack = engine.stack("drift", tenant(database, "drift"))
    stack.up()
    for query in (
        "GRANT CONNECT ON DATABASE drift TO PUBLIC",
        "ALTER ROLE drift_ro SUPERUSER PASSWORD 'guessed'",
        "ALTER ROLE drift_rw SET statement_timeout = 1",
        "REVOKE drift_access FROM drift_rw",
        "ALTER DATABASE drift CONNECTION LIMIT 99",
    ):
        database.ask(query)
    database.ask(
        "ALTER DEFAULT PRIVILEGES FOR ROLE drift_owner IN SCHEMA app GRANT DELETE ON TABLES TO drift_ro",
        database="drift",
    )
    database.ask("DROP EXTENSION pg_trgm", database="drift")
    seen = changes(stack.refresh())
    assert seen == {"update": 5, "delete": 2}, "five differ, the membership and the extension are gone"
    database.ask("ALTER ROLE drift_ro NOSUPERUSER")  # the administrator has no power over superusers
    stack.refresh()
    mended = changes(stack.up())
    assert mended == {"update": 4, "create": 2}
    assert changes(stack.refresh()) == {}
    acl = database.ask("SELECT datacl::text FROM pg_database WHERE datname = 'drift'")[0][0]
    assert ",=" not in acl and "{=" not in acl  # noqa: PT018 - one fact
    stack.destroy()


def test_a_password_changed_by_hand_is_drift_where_it_can_be_read(
    engine: conftest.Engine, database: postgres.Running
) -> None:
    database.ask("GRANT SELECT (rolname, rolpassword) ON pg_authid TO govcloud_admin")
    try:
        stack = engine.stack("password", tenant(database, "password"))
        stack.up()
        database.ask("ALTER ROLE password_rw PASSWORD 'by-hand'")
        assert changes(stack.refresh()) == {"update": 1}
        assert changes(stack.up()) == {"update": 1}
        assert database.sign_in(user="password_rw", password=PASSWORD, database="password") == "password_rw"
        assert PASSWORD not in recorded(engine)
        stack.destroy()
    finally:
        database.ask("REVOKE SELECT (rolname, rolpassword) ON pg_authid FROM govcloud_admin")


def test_a_lost_state_adopts_what_is_there(engine: conftest.Engine, database: postgres.Running) -> None:
    stack = engine.stack("adopt", tenant(database, "adopt"))
    stack.up()
    database.ask("SET ROLE adopt_owner; CREATE TABLE app.kept (a int)", database="adopt")
    lost(stack)
    assert set(changes(stack.up())) == {"create"}
    assert database.ask("SELECT count(*) FROM pg_tables WHERE tablename = 'kept'", database="adopt") == [(1,)]
    assert changes(stack.refresh()) == {}
    database.ask("DROP TABLE app.kept", database="adopt")
    stack.destroy()


def test_what_cannot_change_is_replaced_and_what_cannot_be_adopted_is_refused(
    engine: conftest.Engine, database: postgres.Running
) -> None:
    engine.stack("swap", tenant(database, "swap")).up()
    stack = engine.stack("swap", tenant(database, "swap", collate="POSIX"))
    with pytest.raises(automation.CommandError) as refusal:
        stack.up()
    assert "template" in str(refusal.value), "template1 has another collation, says PostgreSQL"
    engine.stack("swap", tenant(database, "swap")).up()
    database.ask("CREATE DATABASE odd TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C' OWNER govcloud_admin")

    def program() -> None:
        provider = postgresql.Provider("server", **database.administrator)
        postgresql.Database("odd", name="odd", opts=pulumi.ResourceOptions(provider=provider))

    with pytest.raises(automation.CommandError) as refusal:
        engine.stack("odd", program).up()
    assert "cannot be adopted: it has encoding SQL_ASCII instead of UTF8" in str(refusal.value)
    database.ask("DROP DATABASE odd")
    engine.stack("swap", tenant(database, "swap")).destroy()


def test_a_database_in_use_is_not_dropped_unless_closed_first(
    engine: conftest.Engine, database: postgres.Running
) -> None:
    def only() -> None:
        provider = postgresql.Provider("server", **database.administrator)
        postgresql.Database("busy", name="busy", opts=pulumi.ResourceOptions(provider=provider))

    stack = engine.stack("busy", only)
    stack.up()
    with psycopg.connect(**{**database.superuser, "dbname": "busy"}):
        with pytest.raises(automation.CommandError) as refusal:
            stack.destroy()
        assert "allowConnections" in str(refusal.value), "it says what to do"
    stack.destroy()

    engine.stack("used", tenant(database, "used")).up()
    with psycopg.connect(
        host="127.0.0.1", port=database.port, user="used_rw", password=PASSWORD, dbname="used", sslmode="require"
    ):
        closed = engine.stack("used", tenant(database, "used", allow=False))
        assert changes(closed.up()) == {"update": 1}
        closed.destroy()
    assert database.ask("SELECT datname::text FROM pg_database WHERE datname IN ('busy', 'used')") == []


def test_what_exists_can_be_imported(engine: conftest.Engine, database: postgres.Running) -> None:
    database.ask("CREATE ROLE brought LOGIN CONNECTION LIMIT 3")
    database.ask("CREATE DATABASE brought OWNER brought")
    database.ask("CREATE SCHEMA inside AUTHORIZATION brought", database="brought")

    def program() -> None:
        provider = postgresql.Provider("server", **database.administrator)

        def by(identifier: str) -> pulumi.ResourceOptions:
            return pulumi.ResourceOptions(provider=provider, import_=identifier, retain_on_delete=False)

        postgresql.Role("role", name="brought", login=True, connection_limit=3, opts=by("brought"))
        made = postgresql.Database(
            "database",
            name="brought",
            owner="brought",
            template="template1",
            lc_collate="C.UTF-8",
            lc_ctype="C.UTF-8",
            opts=by("brought"),
        )
        postgresql.Schema("schema", name="inside", database=made.name, owner="brought", opts=by("brought.inside"))

    stack = engine.stack("import", program)
    assert changes(stack.up()).get("import") == 3
    assert changes(stack.up()) == {}
    stack.destroy()
    assert database.ask("SELECT 1 FROM pg_roles WHERE rolname = 'brought'") == []


def test_what_is_not_served_is_refused_by_name(engine: conftest.Engine, database: postgres.Running) -> None:
    def program() -> None:
        provider = postgresql.Provider("server", **database.administrator)
        postgresql.Publication("publication", name="p", opts=pulumi.ResourceOptions(provider=provider))

    with pytest.raises(automation.CommandError) as refusal:
        engine.stack("not-served", program).up()
    assert "postgresql:index/publication:Publication" in str(refusal.value)
