"""The role `database` on a machine, read from outside the role. One `host.run` collects what all tests judge.

Run by `govcloud verify`.
"""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest
import yaml

testinfra_hosts = ["ansible://database"]
pytestmark = pytest.mark.roles

_ROLE = pathlib.Path(__file__).parents[1]
_SQL = """
SELECT json_build_object(
  'settings', (SELECT json_object_agg(name, setting) FROM pg_settings),
  'pending', (SELECT count(*) FROM pg_settings WHERE pending_restart),
  'hba', (SELECT json_agg(json_build_array(type, array_to_string(database, ','), array_to_string(user_name, ','),
          auth_method) ORDER BY line_number) FROM pg_hba_file_rules),
  'hba_errors', (SELECT count(*) FROM pg_hba_file_rules WHERE error IS NOT NULL),
  'roles', (SELECT json_object_agg(rolname, json_build_object('super', rolsuper, 'login', rolcanlogin,
            'connections', rolconnlimit,
            'verifier', rolpassword LIKE 'SCRAM-SHA-256$%', 'password', rolpassword IS NOT NULL)) FROM pg_authid),
  'databases', (SELECT json_object_agg(datname, json_build_object('encoding', pg_encoding_to_char(encoding),
                'collate', datcollate, 'owner', pg_get_userbyid(datdba), 'public',
                has_database_privilege('pg_read_all_stats', oid, 'CONNECT'))) FROM pg_database))
"""
_FUNCTION = """
SELECT json_build_object('owner', pg_get_userbyid(proowner), 'definer', prosecdef, 'acl', proacl::text,
  'settings', proconfig::text) FROM pg_proc WHERE oid = 'pgbouncer.lookup(text)'::regprocedure
"""
_SCRIPT = """
asked() { runuser --user=postgres -- env PGOPTIONS='-c search_path=pg_catalog' \
  psql --no-psqlrc --quiet --tuples-only --no-align --port=%(port)s --dbname="$1"; }
section() { printf '\\n=== %%s\\n' "$1"; }
section active; systemctl is-active postgresql@15-main.service pgbouncer.service
section enabled; systemctl is-enabled postgresql@15-main.service pgbouncer.service
section account; ps -o user= -C pgbouncer
section listening; ss --listening --tcp --numeric --no-header | awk '{print $4}'
section modes; stat --format='%%a %%U %%G %%n' /etc/postgresql-tls/* /etc/postgresql/15/main/pg_hba.conf \
  /etc/pgbouncer/pgbouncer.ini /etc/pgbouncer/databases.ini /etc/pgbouncer/hba.conf /var/lib/postgresql/15/main \
  /run/pgbouncer
section pooler; cat /etc/pgbouncer/pgbouncer.ini
section pools; cat /etc/pgbouncer/databases.ini
section pooler_hba; cat /etc/pgbouncer/hba.conf
section server; asked postgres <<'SQL'
%(sql)s;
SQL
section lookup; asked template1 <<'SQL'
%(function)s;
SQL
section plain; PGCONNECT_TIMEOUT=5 psql "host=%(address)s port=%(pooler)s user=nobody dbname=nothing sslmode=disable" \
  --command='SELECT 1' 2>&1
section console; runuser --user=pgbouncer -- psql --no-psqlrc --tuples-only --no-align --field-separator=' ' \
  --host=/run/pgbouncer --port=%(pooler)s --username=pgbouncer --dbname=pgbouncer --command='SHOW DATABASES'
section tls; echo | timeout 5 openssl s_client -starttls postgres -connect '%(endpoint)s' 2>/dev/null \
  | grep -E 'Protocol|Cipher is'
section end
"""


@pytest.fixture(scope="module")
def variables(host: Any) -> dict[str, Any]:
    """The host's variables over the role's defaults."""
    defaults = yaml.safe_load((_ROLE / "defaults" / "main.yml").read_text())
    given = {name: value for name, value in host.ansible.get_variables().items() if name.startswith("database_")}
    merged = {**defaults, **given}
    if "database_admin_listen_addresses" not in given:
        merged["database_admin_listen_addresses"] = merged["database_listen_addresses"]
    return merged


@pytest.fixture(scope="module")
def seen(host: Any, variables: dict[str, Any]) -> dict[str, str]:
    """What the machine says, by section."""
    address = variables["database_listen_addresses"][0]
    shown = f"[{address}]" if ":" in address else address
    script = _SCRIPT % {
        "port": variables["database_port"],
        "pooler": variables["database_pooler_port"],
        "address": address,
        "endpoint": f"{shown}:{variables['database_pooler_port']}",
        "sql": _SQL,
        "function": _FUNCTION,
    }
    answer = host.run("sh -c %s", script)
    parts = answer.stdout.split("\n=== ")[1:]
    sections = {part.partition("\n")[0]: part.partition("\n")[2] for part in parts}
    assert "end" in sections, f"the script stopped early: {answer.stderr}"
    return sections


@pytest.fixture(scope="module")
def server(seen: dict[str, str]) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(seen["server"])
    return answer


def test_both_services_run_and_start_at_boot(seen: dict[str, str]) -> None:
    assert seen["active"].split() == ["active", "active"]
    assert [state.removesuffix("-runtime") for state in seen["enabled"].split()] == ["enabled", "enabled"]


def test_the_pooler_is_not_the_superusers_account(seen: dict[str, str]) -> None:
    assert set(seen["account"].split()) == {"pgbouncer"}


def test_each_service_listens_only_where_it_should(seen: dict[str, str], variables: dict[str, Any]) -> None:
    listening: dict[str, set[str]] = {}
    for endpoint in seen["listening"].split():
        address, _, port = endpoint.rpartition(":")
        listening.setdefault(port, set()).add(address.strip("[]"))
    loopback = {"127.0.0.1", "::1"}
    expected = set(variables["database_admin_listen_addresses"]) - {"localhost"}
    if variables["database_services"]:
        expected |= set(variables["database_listen_addresses"]) - {"localhost"}
    assert listening[str(variables["database_port"])] - loopback == expected - loopback
    pooler = set(variables["database_listen_addresses"])
    wanted = (pooler - {"localhost"}) | (loopback if "localhost" in pooler else set())
    assert listening[str(variables["database_pooler_port"])] <= wanted
    assert wanted - loopback <= listening[str(variables["database_pooler_port"])]


def test_data_has_checksums_and_the_right_locale(server: dict[str, Any]) -> None:
    assert server["settings"]["data_checksums"] == "on"
    for name in ("postgres", "template1"):
        assert server["databases"][name]["encoding"] == "UTF8"
        assert server["databases"][name]["collate"] == "C.UTF-8"


def test_tls_and_scram_are_the_only_way(server: dict[str, Any]) -> None:
    settings = server["settings"]
    assert (settings["ssl"], settings["password_encryption"]) == ("on", "scram-sha-256")
    assert settings["ssl_min_protocol_version"] in ("TLSv1.2", "TLSv1.3")
    assert {method for *_, method in server["hba"]} <= {"peer", "cert", "scram-sha-256", "reject"}
    assert not [rule for rule in server["hba"] if rule[0] in ("host", "hostnossl") and rule[3] != "reject"]
    assert server["hba"][-3:] == [
        ["local", "all", "all", "reject"],
        ["host", "all", "all", "reject"],
        ["host", "all", "all", "reject"],
    ]
    weak = [name for name, role in server["roles"].items() if role["password"] and not role["verifier"]]
    assert weak == []


def test_every_setting_is_in_force(server: dict[str, Any], variables: dict[str, Any]) -> None:
    assert (server["pending"], server["hba_errors"]) == (0, 0)
    settings = server["settings"]
    assert settings["max_connections"] == str(variables["database_max_connections"])
    logging = {name: settings[name] for name in ("log_connections", "log_disconnections", "log_statement")}
    assert logging == {"log_connections": "on", "log_disconnections": "on", "log_statement": "ddl"}
    for sign in ("%u", "%d", "%h"):
        assert sign in settings["log_line_prefix"]
    assert settings["statement_timeout"] != "0"
    assert settings["temp_file_limit"] != "-1"


def test_tenants_have_exactly_their_rules(server: dict[str, Any], variables: dict[str, Any]) -> None:
    expected = {(tenant["database"], "+" + tenant["access_role"]) for tenant in variables["database_tenants"]}
    found = {(rule[1], rule[2]) for rule in server["hba"] if rule[3] == "scram-sha-256"}
    assert found == expected


def test_a_service_comes_with_its_certificate_from_its_sources_to_its_database_and_no_other(
    server: dict[str, Any], variables: dict[str, Any]
) -> None:
    services = variables["database_services"]
    expected = {("hostssl", service["database"], service["role"]) for service in services for _ in service["sources"]}
    roles = {service["role"] for service in services}
    found = [rule for rule in server["hba"] if rule[2] in roles]
    assert {tuple(rule[:3]) for rule in found} == expected
    assert {rule[3] for rule in found} <= {"cert"}
    for service in services:
        role = server["roles"][service["role"]]
        assert (role["super"], role["login"], role["password"]) == (False, True, False)
        assert role["connections"] == service.get("connections", 30)
        assert not server["databases"][service["database"]]["public"]
        assert server["databases"][service["database"]]["owner"] == service["role"]


def test_the_administrator_is_no_superuser_and_has_no_password(server: dict[str, Any]) -> None:
    for name in ("govcloud_admin", "pgbouncer_auth", "pgbouncer_owner"):
        assert not server["roles"][name]["super"], name
        assert not server["roles"][name]["password"], name
    assert not server["roles"]["pgbouncer_owner"]["login"]
    assert [name for name, role in server["roles"].items() if role["super"]] == ["postgres"]


def test_shared_databases_are_closed_to_everyone(server: dict[str, Any]) -> None:
    assert not server["databases"]["postgres"]["public"]
    assert not server["databases"]["template1"]["public"]


def test_secrets_and_settings_have_tight_modes(seen: dict[str, str]) -> None:
    modes = {line.split()[3]: line.split()[:3] for line in seen["modes"].splitlines() if line}
    assert modes["/etc/postgresql-tls/server.key"] == ["640", "root", "postgres"]
    assert modes["/etc/postgresql/15/main/pg_hba.conf"] == ["640", "postgres", "postgres"]
    assert modes["/var/lib/postgresql/15/main"] == ["700", "postgres", "postgres"]
    assert modes["/run/pgbouncer"][:2] == ["700", "pgbouncer"]
    for name in ("pgbouncer.ini", "databases.ini", "hba.conf"):
        assert modes[f"/etc/pgbouncer/{name}"] == ["640", "root", "pgbouncer"]


def test_the_pooler_takes_tls_only_and_knows_only_tenants(seen: dict[str, str], variables: dict[str, Any]) -> None:
    settings = dict(line.split(" = ", 1) for line in seen["pooler"].splitlines() if " = " in line)
    assert settings["client_tls_sslmode"] == "require"
    assert settings["pool_mode"] == variables["database_pool_mode"]
    assert "admin_users" not in settings
    names = {line.split(" = ")[0] for line in seen["pools"].splitlines() if " = " in line}
    assert names == {tenant["database"] for tenant in variables["database_tenants"]}
    assert "*" not in names
    running = {line.split()[0] for line in seen["console"].splitlines() if line} - {"pgbouncer"}
    assert running == names, "the running pooler has the databases of its file"
    assert "SSL required" in seen["plain"], "plaintext is refused"
    assert "TLSv1." in seen["tls"]


def test_the_poolers_rules_are_the_tenants_sources(seen: dict[str, str], variables: dict[str, Any]) -> None:
    rules = [line.split() for line in seen["pooler_hba"].splitlines() if line and not line.startswith("#")]
    expected = {
        (tenant["database"], source)
        for tenant in variables["database_tenants"]
        for source in tenant.get("sources", ["0.0.0.0/0", "::/0"])
    }
    assert {(rule[1], rule[3]) for rule in rules if rule[0] == "hostssl"} == expected
    assert [rule[-1] for rule in rules[-2:]] == ["reject", "reject"]


def test_new_databases_get_the_lookup_function(seen: dict[str, str]) -> None:
    function = json.loads(seen["lookup"])
    assert function["owner"] == "pgbouncer_owner"
    assert function["definer"]
    assert function["acl"] == "{pgbouncer_owner=X/pgbouncer_owner,pgbouncer_auth=X/pgbouncer_owner}"
    assert "search_path=pg_catalog, pg_temp" in function["settings"]
