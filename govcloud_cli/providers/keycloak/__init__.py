"""The builtin `keycloak` provider: the resource types of `pulumi_keycloak` that our stacks use.

Choices worth knowing:

- What exists already under the name is adopted and changed; a mapper of another kind or a flow of Keycloak's own is
  refused. What Keycloak brings itself is taken over with `import_`, and stays when the program drops it.
- A property that a program leaves out is not managed, unless the official provider has a default for it.
- `GroupRoles`, `ClientDefaultScopes` and `ClientOptionalScopes` are the whole truth: others are taken away.
- It signs in with a client's secret over verified TLS, and in no other way. A directory is reached over TLS only.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from govcloud_cli.providers import resource
from govcloud_cli.providers.keycloak import (
    client,
    configuration,
    federation,
    flow,
    group,
    mapper,
    realm,
    realm_settings,
)


def package() -> resource.Package:
    """Return the provider for `server.PACKAGES`."""
    return resource.Package(
        name="keycloak",
        version="6.14.1",
        configure=configure,
        check_config=configuration.check,
    )


def configure(config: resource.Properties, cancelled: threading.Event) -> Mapping[resource.Token, resource.Handler]:
    """Return the handlers of one `Provider` resource; connects only when one of them needs to."""
    connection = configuration.Connection(config, cancelled)
    return {
        "keycloak:authentication/bindings:Bindings": flow.Bindings(connection),
        "keycloak:authentication/execution:Execution": flow.Execution(connection),
        "keycloak:authentication/flow:Flow": flow.Flow(connection),
        "keycloak:authentication/subflow:Subflow": flow.Subflow(connection),
        "keycloak:index/group:Group": group.Group(connection),
        "keycloak:index/groupRoles:GroupRoles": group.GroupRoles(connection),
        "keycloak:index/realm:Realm": realm.Realm(connection),
        "keycloak:index/realmEvents:RealmEvents": realm_settings.RealmEvents(connection),
        "keycloak:index/requiredAction:RequiredAction": realm_settings.RequiredAction(connection),
        "keycloak:index/role:Role": group.Role(connection),
        "keycloak:ldap/userAttributeMapper:UserAttributeMapper": federation.UserAttributeMapper(connection),
        "keycloak:ldap/userFederation:UserFederation": federation.UserFederation(connection),
        "keycloak:openid/audienceProtocolMapper:AudienceProtocolMapper": mapper.Audience(connection),
        "keycloak:openid/client:Client": client.Client(connection),
        "keycloak:openid/clientDefaultScopes:ClientDefaultScopes": client.ClientDefaultScopes(connection),
        "keycloak:openid/clientOptionalScopes:ClientOptionalScopes": client.ClientOptionalScopes(connection),
        "keycloak:openid/groupMembershipProtocolMapper:GroupMembershipProtocolMapper": mapper.GroupMembership(
            connection
        ),
    }
