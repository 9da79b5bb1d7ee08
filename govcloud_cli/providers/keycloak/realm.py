"""`keycloak:index/realm:Realm`."""

from __future__ import annotations

from typing import ClassVar, Final

from govcloud_cli import errors
from govcloud_cli.providers import resource
from govcloud_cli.providers.keycloak import handler, shape
from govcloud_cli.providers.keycloak.session import quoted

_OTP: Final[shape.Shape] = {
    "type": shape.Field(at=("otpPolicyType",), kind="choice", choices={"totp": "totp", "hotp": "hotp"}, default="totp"),
    "algorithm": shape.Field(
        at=("otpPolicyAlgorithm",),
        kind="choice",
        choices={name: name for name in ("HmacSHA1", "HmacSHA256", "HmacSHA512")},
        default="HmacSHA1",
    ),
    "digits": shape.Field(at=("otpPolicyDigits",), kind="number", default=6),
    "initialCounter": shape.Field(at=("otpPolicyInitialCounter",), kind="number"),
    "lookAheadWindow": shape.Field(at=("otpPolicyLookAheadWindow",), kind="number", default=1),
    "period": shape.Field(at=("otpPolicyPeriod",), kind="number", default=30),
    "codeReusable": shape.Field(at=("otpPolicyCodeReusable",), kind="flag", default=False),
}
_BRUTE_FORCE: Final[shape.Shape] = {
    "permanentLockout": shape.Field(at=("permanentLockout",), kind="flag", default=False),
    "maxTemporaryLockouts": shape.Field(at=("maxTemporaryLockouts",), kind="number"),
    "bruteForceStrategy": shape.Field(
        at=("bruteForceStrategy",), kind="choice", choices={"MULTIPLE": "MULTIPLE", "LINEAR": "LINEAR"}
    ),
    "maxLoginFailures": shape.Field(at=("failureFactor",), kind="number", default=30),
    "waitIncrementSeconds": shape.Field(at=("waitIncrementSeconds",), kind="number", default=60),
    "quickLoginCheckMilliSeconds": shape.Field(at=("quickLoginCheckMilliSeconds",), kind="number", default=1000),
    "minimumQuickLoginWaitSeconds": shape.Field(at=("minimumQuickLoginWaitSeconds",), kind="number", default=60),
    "maxFailureWaitSeconds": shape.Field(at=("maxFailureWaitSeconds",), kind="number", default=900),
    "failureResetTimeSeconds": shape.Field(at=("maxDeltaTimeSeconds",), kind="number", default=43200),
}
_HEADERS: Final[shape.Shape] = {
    name: shape.Field(at=("browserSecurityHeaders", there))
    for name, there in (
        ("contentSecurityPolicy", "contentSecurityPolicy"),
        ("contentSecurityPolicyReportOnly", "contentSecurityPolicyReportOnly"),
        ("referrerPolicy", "referrerPolicy"),
        ("strictTransportSecurity", "strictTransportSecurity"),
        ("xContentTypeOptions", "xContentTypeOptions"),
        ("xFrameOptions", "xFrameOptions"),
        ("xRobotsTag", "xRobotsTag"),
        ("xXssProtection", "xXSSProtection"),
    )
}
_LANGUAGES: Final[shape.Shape] = {
    "supportedLocales": shape.Field(at=("supportedLocales",), kind="set", default=shape.REQUIRED),
    "defaultLocale": shape.Field(at=("defaultLocale",), default=shape.REQUIRED),
}
_FLAGS: Final = (
    "registrationAllowed",
    "registrationEmailAsUsername",
    "editUsernameAllowed",
    "resetPasswordAllowed",
    "rememberMe",
    "verifyEmail",
    "loginWithEmailAllowed",
    "duplicateEmailsAllowed",
    "organizationsEnabled",
    "adminPermissionsEnabled",
    "revokeRefreshToken",
    "offlineSessionMaxLifespanEnabled",
)
_DURATIONS: Final = (
    "accessCodeLifespan",
    "accessCodeLifespanLogin",
    "accessCodeLifespanUserAction",
    "accessTokenLifespan",
    "accessTokenLifespanForImplicitFlow",
    "actionTokenGeneratedByAdminLifespan",
    "actionTokenGeneratedByUserLifespan",
    "clientSessionIdleTimeout",
    "clientSessionMaxLifespan",
    "oauth2DeviceCodeLifespan",
    "offlineSessionIdleTimeout",
    "offlineSessionMaxLifespan",
    "ssoSessionIdleTimeout",
    "ssoSessionIdleTimeoutRememberMe",
    "ssoSessionMaxLifespan",
    "ssoSessionMaxLifespanRememberMe",
)
_TEXTS: Final = ("displayName", "displayNameHtml", "passwordPolicy", "defaultSignatureAlgorithm", "loginTheme")


class Realm(handler.Handler):
    """A realm. Everything but its name changes in place; deleting it deletes everybody in it."""

    WHAT = "realm"
    SHAPE: ClassVar[shape.Shape] = {
        "realm": shape.Field(at=("realm",), default=shape.REQUIRED, replaces=True),
        "enabled": shape.Field(at=("enabled",), kind="flag", default=True),
        "sslRequired": shape.Field(
            at=("sslRequired",),
            kind="choice",
            choices={name: name for name in ("all", "external", "none")},
            default="external",
        ),
        "userManagedAccess": shape.Field(at=("userManagedAccessAllowed",), kind="flag"),
        "refreshTokenMaxReuse": shape.Field(at=("refreshTokenMaxReuse",), kind="number"),
        "oauth2DevicePollingInterval": shape.Field(at=("oauth2DevicePollingInterval",), kind="number"),
        "attributes": shape.Field(at=("attributes",), kind="map"),
        "otpPolicy": shape.Field(kind="block", fields=_OTP),
        "securityDefenses": shape.Field(
            kind="block",
            fields={
                "headers": shape.Field(kind="block", fields=_HEADERS),
                "bruteForceDetection": shape.Field(kind="block", fields=_BRUTE_FORCE, implies=("bruteForceProtected",)),
            },
        ),
        "internationalization": shape.Field(kind="block", fields=_LANGUAGES, implies=("internationalizationEnabled",)),
        "terraformDeletionProtection": shape.Field(kind="flag"),
        **{name: shape.Field(at=(name,)) for name in _TEXTS},
        **{name: shape.Field(at=(name,), kind="flag") for name in _FLAGS},
        **{name: shape.Field(at=(name,), kind="duration") for name in _DURATIONS},
    }

    def called(self, new: resource.Properties) -> str:
        return str(new.get("realm"))

    def sought(self, new: resource.Properties) -> str | None:
        return str(new["realm"])

    def live(self, recorded: resource.Properties, identifier: str) -> handler.Json | None:
        found = self.connection.session.find(f"/admin/realms/{quoted(recorded.get('realm') or identifier)}")
        return None if found is None else dict(found)

    def make(self, new: resource.Properties) -> str:
        self.connection.session.post("/admin/realms", shape.represented(self.SHAPE, new))
        return str(new["realm"])

    def change(
        self, new: resource.Properties, identifier: str, live: handler.Json, *, old: resource.Properties
    ) -> None:
        wanted = shape.represented(self.SHAPE, new)
        defences = new.get("securityDefenses") or {}
        if (old.get("securityDefenses") or {}).get("bruteForceDetection") and not defences.get("bruteForceDetection"):
            wanted["bruteForceProtected"] = False
        whole = shape.merged(live, wanted)
        for gone in set(old.get("attributes") or {}) - set(new.get("attributes") or {}):
            whole["attributes"].pop(gone, None)
        if whole != live:
            self.connection.session.put(f"/admin/realms/{quoted(identifier)}", whole)

    def remove(self, old: resource.Properties, identifier: str) -> None:
        if old.get("terraformDeletionProtection") is True:
            raise errors.GovcloudError(
                "it is protected from deletion, which would delete every account in it",
                remedy="set `terraform_deletion_protection` to false, deploy, and remove it then",
            )
        self.connection.session.delete(f"/admin/realms/{quoted(identifier)}")

    def computed(self, identifier: str, live: handler.Json) -> resource.Properties:
        del identifier
        return {"internalId": live.get("id", "")}
