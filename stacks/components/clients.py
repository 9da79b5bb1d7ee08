"""A planned client as Pulumi resources: what its tokens say, and nothing that it was not given."""

from __future__ import annotations

import pulumi
import pulumi_keycloak as keycloak

from govcloud_cli.plan import identity

SCOPES = ("basic", "profile")
"""Who it is (`sub`, `preferred_username`), and not what else Keycloak would tell: roles, mail address, origins."""


class Client(pulumi.ComponentResource):
    """A client, its scopes and its mappers."""

    def __init__(
        self,
        plan: identity.Client,
        *,
        realm: pulumi.Input[str],
        secret: pulumi.Output[str] | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`opts` names the provider."""
        super().__init__("govcloud:identity:Client", plan.id, None, opts)
        self._plan, self._realm = plan, realm
        self._child = pulumi.ResourceOptions(parent=self, provider=opts.provider)
        self._client = self._made(secret)
        self._scopes()
        self._mappers()
        self.register_outputs({})

    def _made(self, secret: pulumi.Output[str] | None) -> keycloak.openid.Client:
        plan = self._plan
        browser = "browser" in plan.flows
        return keycloak.openid.Client(
            plan.id,
            realm_id=self._realm,
            client_id=plan.id,
            name=plan.name,
            access_type=plan.kind.upper(),
            client_secret=secret,
            standard_flow_enabled=browser,
            oauth2_device_authorization_grant_enabled="device" in plan.flows,
            direct_access_grants_enabled="password" in plan.flows,
            implicit_flow_enabled=False,
            service_accounts_enabled=False,
            # Roles of other clients, such as the rights over the realm, are in no token of this one.
            full_scope_allowed=False,
            # A code that was caught is of no use to anybody else (RFC 7636); without a browser there is no code.
            pkce_code_challenge_method="S256" if browser else None,
            valid_redirect_uris=list(plan.redirect_uris),
            web_origins=[],
            access_token_lifespan=str(identity.TOKEN_SECONDS),
            use_refresh_tokens="password" not in plan.flows,
            opts=self._child,
        )

    def _scopes(self) -> None:
        keycloak.openid.ClientDefaultScopes(
            f"{self._plan.id}/default-scopes",
            realm_id=self._realm,
            client_id=self._client.id,
            default_scopes=list(SCOPES),
            opts=self._child,
        )
        keycloak.openid.ClientOptionalScopes(
            f"{self._plan.id}/optional-scopes",
            realm_id=self._realm,
            client_id=self._client.id,
            # Among them would be offline_access: a token that outlives the session.
            optional_scopes=[],
            opts=self._child,
        )

    def _mappers(self) -> None:
        keycloak.openid.GroupMembershipProtocolMapper(
            f"{self._plan.id}/groups",
            realm_id=self._realm,
            client_id=self._client.id,
            name="groups",
            claim_name="groups",
            full_path=False,
            opts=self._child,
        )
        for audience in self._plan.audiences:
            keycloak.openid.AudienceProtocolMapper(
                f"{self._plan.id}/audience/{audience}",
                realm_id=self._realm,
                client_id=self._client.id,
                name=f"audience-{audience}",
                included_custom_audience=audience,
                # The ID token is for the client that asked, and for nobody else.
                add_to_id_token=False,
                add_to_access_token=True,
                opts=self._child,
            )
