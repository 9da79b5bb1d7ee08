"""How people log in: always a password and a one-time code, and nobody gives himself either.

Keycloak's own flows ask for a code only where there is one to ask for: whoever has none would come in by password.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_keycloak as keycloak

BROWSER = "govcloud browser"
FORMS = "govcloud forms"
PASSWORD_GRANT = "govcloud password grant"  # noqa: S105 - a flow's name
CONSOLE_IDLE_SECONDS = 600

CLOSED_ACTIONS = (
    # Codes are set at enrolment, in person; who knows only a password shall not add or drop one.
    "CONFIGURE_TOTP",
    "CONFIGURE_RECOVERY_AUTHN_CODES",
    "webauthn-register",
    "webauthn-register-passwordless",
    "delete_credential",
    "delete_account",
    # Names come from the inventory or the directory, and nobody has a mail address here.
    "UPDATE_PROFILE",
    "VERIFY_PROFILE",
    "VERIFY_EMAIL",
)
"""What Keycloak would otherwise let users do themselves, or demand of them. A new password stays, as it must."""


class Ways(pulumi.ComponentResource):
    """The flows, what is bound to them, and the clients that Keycloak brings."""

    def __init__(self, realm: pulumi.Input[str], *, opts: pulumi.ResourceOptions) -> None:
        """`opts` names the provider."""
        super().__init__("govcloud:identity:Ways", "ways", None, opts)
        self._realm = realm
        self._child = pulumi.ResourceOptions(parent=self, provider=opts.provider)
        self._bind([*self._browser(), *self._grant()])
        self._actions()
        self._built_in()
        self.register_outputs({})

    def _browser(self) -> list[pulumi.Resource]:
        flow = keycloak.authentication.Flow(
            BROWSER,
            realm_id=self._realm,
            alias=BROWSER,
            description="Session, or password and one-time code",
            opts=self._child,
        )
        cookie = self._step(flow.alias, "auth-cookie", "ALTERNATIVE", 10)
        forms = keycloak.authentication.Subflow(
            FORMS,
            realm_id=self._realm,
            parent_flow_alias=flow.alias,
            alias=FORMS,
            requirement="ALTERNATIVE",
            priority=20,
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=[cookie])),
        )
        password = self._step(forms.alias, "auth-username-password-form", "REQUIRED", 10)
        return [cookie, forms, self._step(forms.alias, "auth-otp-form", "REQUIRED", 20, after=password)]

    def _grant(self) -> list[pulumi.Resource]:
        flow = keycloak.authentication.Flow(
            PASSWORD_GRANT,
            realm_id=self._realm,
            alias=PASSWORD_GRANT,
            description="Password and one-time code, from a client that may ask for them",
            opts=self._child,
        )
        last: pulumi.Resource | None = None
        for index, name in enumerate(("username", "password", "otp"), start=1):
            last = self._step(flow.alias, f"direct-grant-validate-{name}", "REQUIRED", index * 10, after=last)
        return [] if last is None else [last]

    def _step(
        self,
        flow: pulumi.Input[str],
        authenticator: str,
        requirement: str,
        priority: int,
        *,
        after: pulumi.Resource | None = None,
    ) -> pulumi.Resource:
        # One after the other: Keycloak counts places while it adds.
        order = pulumi.ResourceOptions(depends_on=[] if after is None else [after])
        step: pulumi.Resource = keycloak.authentication.Execution(
            authenticator,
            realm_id=self._realm,
            parent_flow_alias=flow,
            authenticator=authenticator,
            requirement=requirement,
            priority=priority,
            opts=pulumi.ResourceOptions.merge(self._child, order),
        )
        return step

    def _bind(self, after: Sequence[pulumi.Resource]) -> None:
        """Use the flows, once they are whole: an empty one would let nobody in, half a one anybody."""
        keycloak.authentication.Bindings(
            "bindings",
            realm_id=self._realm,
            browser_flow=BROWSER,
            direct_grant_flow=PASSWORD_GRANT,
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=list(after))),
        )

    def _actions(self) -> None:
        for alias in CLOSED_ACTIONS:
            keycloak.RequiredAction(
                f"action/{alias}",
                realm_id=self._realm,
                alias=alias,
                enabled=False,
                default_action=False,
                opts=self._child,
            )

    def _built_in(self) -> None:
        """Shorten the console's sessions, and close the client that trades passwords for the administrators' rights."""
        keycloak.openid.Client(
            "security-admin-console",
            realm_id=self._realm,
            client_id="security-admin-console",
            access_type="PUBLIC",
            import_=True,
            standard_flow_enabled=True,
            pkce_code_challenge_method="S256",
            client_session_idle_timeout=str(CONSOLE_IDLE_SECONDS),
            opts=self._child,
        )
        keycloak.openid.Client(
            "admin-cli",
            realm_id=self._realm,
            client_id="admin-cli",
            access_type="PUBLIC",
            import_=True,
            enabled=False,
            direct_access_grants_enabled=False,
            opts=self._child,
        )
