"""The builtin `postgresql` provider: the resource types of `pulumi_postgresql` that our stacks use.

Choices worth knowing:

- What exists already and is compatible is adopted and altered; a database of another encoding or locale is refused.
- A database is dropped only when nobody is connected to it. With `allowConnections: false` recorded first, its last
  sessions are ended. Guard databases that hold data with `protect` or `retain_on_delete` in the program.
- `Grant` and `DefaultPrivileges` are the whole truth for their role and objects: other privileges are revoked.
- `Role.roles`, where given, is the whole truth about the role's memberships; leave it out to use `GrantRole`.
- Passwords go to the server as SCRAM verifiers, so that no server log can hold one.
- The administrator needs no superuser: `CREATEDB CREATEROLE` do, by a membership that ends with the operation.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from govcloud_cli.providers import resource
from govcloud_cli.providers.postgresql import (
    configuration,
    database,
    default_privileges,
    extension,
    grant,
    grant_role,
    role,
    schema,
    server,
)


def package() -> resource.Package:
    """Return the provider for `server.PACKAGES`."""
    return resource.Package(
        name="postgresql",
        version="3.18.2",
        configure=configure,
        check_config=configuration.check,
    )


def configure(config: resource.Properties, cancelled: threading.Event) -> Mapping[resource.Token, resource.Handler]:
    """Return the handlers of one `Provider` resource; connects only when one of them needs to."""
    session = server.Session(config, cancelled)
    return {
        "postgresql:index/database:Database": database.Database(session),
        "postgresql:index/defaultPrivileges:DefaultPrivileges": default_privileges.DefaultPrivileges(session),
        "postgresql:index/extension:Extension": extension.Extension(session),
        "postgresql:index/grant:Grant": grant.Grant(session),
        "postgresql:index/grantRole:GrantRole": grant_role.GrantRole(session),
        "postgresql:index/role:Role": role.Role(session),
        "postgresql:index/schema:Schema": schema.Schema(session),
    }
