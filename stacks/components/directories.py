"""The staff directory (LDAP) as Pulumi resources: its people log in to the realm with its passwords."""

from __future__ import annotations

from collections.abc import Iterator

import pulumi
import pulumi_keycloak as keycloak

from govcloud_cli.plan import identity

_DAY = 24 * 60 * 60


def federate(
    plan: identity.Directory,
    realm: pulumi.Input[str],
    credential: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """Read the staff directory; nothing is ever written there. `credential`: the password of `plan.bind`."""
    federation = keycloak.ldap.UserFederation(
        "directory",
        realm_id=realm,
        name="directory",
        connection_url=plan.url,
        users_dn=plan.people,
        bind_dn=plan.bind,
        bind_credential=credential,
        username_ldap_attribute=plan.account,
        rdn_ldap_attribute=plan.account,
        uuid_ldap_attribute="entryUUID",
        user_object_classes=["inetOrgPerson"],
        edit_mode="READ_ONLY",
        import_enabled=True,
        sync_registrations=False,
        search_scope="SUBTREE",
        use_truststore_spi="ALWAYS",
        connection_timeout="5s",
        read_timeout="10s",
        full_sync_period=_DAY,
        changed_sync_period=300,
        opts=opts,
    )
    for name, attribute, field in _attributes(plan):
        _mapper(realm, federation, name, attribute=attribute, field=field, opts=opts)


def _mapper(
    realm: pulumi.Input[str],
    federation: keycloak.ldap.UserFederation,
    name: str,
    *,
    attribute: str,
    field: str,
    opts: pulumi.ResourceOptions,
) -> None:
    keycloak.ldap.UserAttributeMapper(
        f"directory/{name}",
        realm_id=realm,
        ldap_user_federation_id=federation.id,
        name=name,
        ldap_attribute=attribute,
        user_model_attribute=field,
        read_only=True,
        always_read_value_from_ldap=True,
        opts=opts,
    )


def _attributes(plan: identity.Directory) -> Iterator[tuple[str, str, str]]:
    """Mapper, attribute in the directory, field of the account; Keycloak makes mappers of these names itself."""
    yield "username", plan.account, "username"
    yield "first name", "cn", "firstName"
    yield "last name", "sn", "lastName"
