"""A planned identity service as Pulumi resources of the official Keycloak SDK.

What MLPS level 3 (GB/T 22239, 8.1.4.1) asks of passwords, lockout, sessions and records is set here, whole.
"""

from __future__ import annotations

import dataclasses

import pulumi
import pulumi_keycloak as keycloak

from govcloud_cli.plan import credentials, identity, identity_places
from stacks.components import clients, directories, log_in, manifests

DAY = 24 * 60 * 60
EVENT_SECONDS = 180 * DAY
"""How long records of log-ins and of administration are kept."""
_PASSWORD_RULES = (
    "length(12)",
    # Three of four kinds cannot be said, so all four are asked for.
    "upperCase(1)",
    "lowerCase(1)",
    "digits(1)",
    "specialChars(1)",
    "notUsername(undefined)",
    "passwordHistory(5)",
    "forceExpiredPasswordChange(90)",
)
MANAGEMENT = "realm-management"
"""Keycloak's client whose roles are the rights over a realm."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Access:
    """How to reach a Keycloak as the platform: by a client's secret, over TLS that checks the server's name."""

    url: str
    """`https://host:port`; the host must be among the names of the server's certificate."""
    client_id: str = identity.ENGINE_CLIENT
    client_secret: pulumi.Input[str] = dataclasses.field(repr=False)
    root_certificate: str
    """The authority that signed the server's certificate, as PEM text."""

    def provider(self) -> pulumi.ProviderResource:
        """The provider; signs in to the realm `master`."""
        provider: pulumi.ProviderResource = keycloak.Provider(
            "keycloak",
            url=self.url,
            realm="master",
            client_id=self.client_id,
            client_secret=pulumi.Output.secret(self.client_secret),
            root_ca_certificate=self.root_certificate,
            initial_login=False,
        )
        return provider


class Realm(pulumi.ComponentResource):
    """The realm, how people log in to it, its groups and clients, and the staff directory."""

    def __init__(self, plan: identity.IdentityPlan, *, values: manifests.Values, opts: pulumi.ResourceOptions) -> None:
        """`opts` names the provider; `values` gives secrets their values."""
        super().__init__("govcloud:identity:Realm", identity_places.REALM, None, opts)
        self._plan = plan
        self._values = pulumi.Output.secret(values)
        self._child = pulumi.ResourceOptions(parent=self, provider=opts.provider)
        self._realm = _realm(plan, self._child)
        self._id = self._realm.realm
        _events(self._id, self._child)
        log_in.Ways(self._id, opts=self._child)
        self._groups()
        self._clients()
        if plan.directory is not None:
            directories.federate(plan.directory, self._id, self._secret(plan.directory.secret), self._child)
        self.register_outputs({"issuer": plan.issuer})

    def _groups(self) -> None:
        """Groups, and what the three administrators may do in the realm."""
        roles = _Rights(self._id, self._child)
        made: dict[str, keycloak.Group] = {}
        for group in self._plan.groups:
            parent = None if group.parent is None else made[group.parent].id
            made[group.name] = keycloak.Group(
                group.name, realm_id=self._id, name=group.name, parent_id=parent, opts=self._child
            )
            if group.roles:
                keycloak.GroupRoles(
                    f"{group.name}/roles",
                    realm_id=self._id,
                    group_id=made[group.name].id,
                    role_ids=[roles.id(name) for name in group.roles],
                    opts=self._child,
                )

    def _clients(self) -> None:
        for client in self._plan.clients:
            secret = None if client.secret is None else self._secret(client.secret)
            clients.Client(client, realm=self._id, secret=secret, opts=self._child)

    def _secret(self, reference: credentials.SecretRef) -> pulumi.Output[str]:
        return self._values.apply(lambda value_of: value_of(reference))


class _Rights:
    """Roles of `realm-management`, each taken over once."""

    def __init__(self, realm: pulumi.Input[str], opts: pulumi.ResourceOptions) -> None:
        self._realm, self._opts = realm, opts
        self._client = keycloak.openid.Client(
            MANAGEMENT,
            realm_id=realm,
            client_id=MANAGEMENT,
            access_type="BEARER-ONLY",
            import_=True,
            opts=opts,
        )
        self._known: dict[str, keycloak.Role] = {}

    def id(self, name: str) -> pulumi.Output[str]:
        """The id of the role `name`."""
        if name not in self._known:
            self._known[name] = keycloak.Role(
                f"{MANAGEMENT}/{name}",
                realm_id=self._realm,
                client_id=self._client.id,
                name=name,
                import_=True,
                opts=self._opts,
            )
        return self._known[name].id


def _realm(plan: identity.IdentityPlan, opts: pulumi.ResourceOptions) -> keycloak.Realm:
    return keycloak.Realm(
        identity_places.REALM,
        realm=identity_places.REALM,
        enabled=True,
        display_name=plan.display_name,
        ssl_required="all",
        registration_allowed=False,
        reset_password_allowed=False,
        remember_me=False,
        verify_email=False,
        login_with_email_allowed=False,
        edit_username_allowed=False,
        user_managed_access=False,
        password_policy=" and ".join(_PASSWORD_RULES),
        access_token_lifespan=f"{identity.TOKEN_SECONDS}s",
        access_token_lifespan_for_implicit_flow=f"{identity.TOKEN_SECONDS}s",
        sso_session_idle_timeout="30m",
        sso_session_max_lifespan="8h",
        client_session_idle_timeout="30m",
        client_session_max_lifespan="8h",
        offline_session_idle_timeout="30m",
        offline_session_max_lifespan_enabled=True,
        offline_session_max_lifespan="8h",
        access_code_lifespan="1m",
        access_code_lifespan_login="10m",
        access_code_lifespan_user_action="5m",
        oauth2_device_code_lifespan="10m",
        oauth2_device_polling_interval=5,
        # A public client's refresh token that was copied is found out when both are used (RFC 9700, 4.14.2).
        revoke_refresh_token=True,
        refresh_token_max_reuse=0,
        otp_policy=keycloak.RealmOtpPolicyArgs(
            type="totp", algorithm="HmacSHA1", digits=6, period=30, look_ahead_window=1, code_reusable=False
        ),
        security_defenses=keycloak.RealmSecurityDefensesArgs(
            headers=_headers(),
            brute_force_detection=keycloak.RealmSecurityDefensesBruteForceDetectionArgs(
                permanent_lockout=False,
                max_login_failures=5,
                wait_increment_seconds=1800,
                max_failure_wait_seconds=1800,
                failure_reset_time_seconds=43200,
                quick_login_check_milli_seconds=1000,
                minimum_quick_login_wait_seconds=60,
            ),
        ),
        internationalization=keycloak.RealmInternationalizationArgs(
            supported_locales=["zh-CN", "en"], default_locale="zh-CN"
        ),
        attributes={"adminEventsExpiration": str(EVENT_SECONDS)},
        opts=opts,
    )


def _headers() -> keycloak.RealmSecurityDefensesHeadersArgs:
    return keycloak.RealmSecurityDefensesHeadersArgs(
        content_security_policy="frame-src 'self'; frame-ancestors 'self'; object-src 'none';",
        content_security_policy_report_only="",
        referrer_policy="no-referrer",
        strict_transport_security="max-age=31536000; includeSubDomains",
        x_content_type_options="nosniff",
        x_frame_options="SAMEORIGIN",
        x_robots_tag="none",
    )


def _events(realm: pulumi.Input[str], opts: pulumi.ResourceOptions) -> None:
    keycloak.RealmEvents(
        "events",
        realm_id=realm,
        events_enabled=True,
        events_expiration=EVENT_SECONDS,
        events_listeners=["jboss-logging"],
        # None chosen: all that Keycloak thinks worth keeping. Who chose some would keep the others from the audit.
        enabled_event_types=[],
        admin_events_enabled=True,
        admin_events_details_enabled=True,
        opts=opts,
    )
