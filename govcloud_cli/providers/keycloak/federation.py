"""`keycloak:ldap/userFederation:UserFederation` and its attribute mapper: accounts from a staff directory."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from govcloud_cli.providers import resource
from govcloud_cli.providers.keycloak import handler, shape

_STORAGE: Final = "org.keycloak.storage.UserStorageProvider"
_MAPPER: Final = "org.keycloak.storage.ldap.mappers.LDAPStorageMapper"


def _text(name: str, *, default: object = None) -> shape.Field:
    return shape.Field(at=("config", name), form="config", default=default)


def _flag(name: str, *, default: bool | None = None) -> shape.Field:
    return shape.Field(at=("config", name), kind="flag", form="config", default=default)


def _number(name: str, *, default: int | None = None) -> shape.Field:
    return shape.Field(at=("config", name), kind="number", form="config", default=default)


def _choice(name: str, choices: dict[str, str], *, default: str) -> shape.Field:
    return shape.Field(at=("config", name), kind="choice", form="config", choices=choices, default=default)


class _Component(handler.Realms):
    """What Keycloak keeps as a component: a kind, a parent, and settings that are all lists of texts."""

    TYPE: ClassVar[str]
    PROVIDER: ClassVar[str]

    def parent(self, new: resource.Properties) -> str:
        """Return the id of what the component belongs to."""
        raise NotImplementedError

    def called(self, new: resource.Properties) -> str:
        return str(new.get("name"))

    def sought(self, new: resource.Properties) -> str | None:
        query = {"parent": self.parent(new), "type": self.TYPE}
        found = self.connection.session.get(self.path(new, "components"), query=query)
        mine = (one for one in found if one["name"] == new["name"] and one["providerId"] == self.PROVIDER)
        return next((str(one["id"]) for one in mine), None)

    def live(self, recorded: resource.Properties, identifier: str) -> handler.Json | None:
        found = self.connection.session.find(self.path(recorded, "components", identifier))
        return None if found is None else dict(found)

    def make(self, new: resource.Properties) -> str:
        body = {**self.wanted(new), "parentId": self.parent(new)}
        body |= {"providerId": self.PROVIDER, "providerType": self.TYPE}
        return str(self.connection.session.post(self.path(new, "components"), body)["id"])

    def change(
        self, new: resource.Properties, identifier: str, live: handler.Json, *, old: resource.Properties
    ) -> None:
        del old
        whole = shape.merged(live, self.wanted(new))
        if whole != live:
            self.connection.session.put(self.path(new, "components", identifier), whole)

    def remove(self, old: resource.Properties, identifier: str) -> None:
        self.connection.session.delete(self.path(old, "components", identifier))

    def wanted(self, new: resource.Properties) -> dict[str, Any]:
        """Return the part of the representation that `new` decides."""
        return shape.represented(self.SHAPE, new)


class UserFederation(_Component):
    """A directory whose people may log in. Over TLS only, and read-only unless said otherwise."""

    WHAT = "LDAP user federation"
    TYPE = _STORAGE
    PROVIDER = "ldap"
    SHAPE: ClassVar[shape.Shape] = {
        "realmId": shape.Field(default=shape.REQUIRED, replaces=True),
        "name": shape.Field(at=("name",), default=shape.REQUIRED),
        "enabled": _flag("enabled", default=True),
        "priority": _number("priority", default=0),
        "importEnabled": _flag("importEnabled", default=True),
        "editMode": _choice(
            "editMode", {name: name for name in ("READ_ONLY", "WRITABLE", "UNSYNCED")}, default="READ_ONLY"
        ),
        "syncRegistrations": _flag("syncRegistrations", default=False),
        "vendor": _choice(
            "vendor", {name: name.lower() for name in ("OTHER", "EDIRECTORY", "AD", "RHDS", "TIVOLI")}, default="OTHER"
        ),
        "usernameLdapAttribute": _text("usernameLDAPAttribute", default=shape.REQUIRED),
        "rdnLdapAttribute": _text("rdnLDAPAttribute", default=shape.REQUIRED),
        "uuidLdapAttribute": _text("uuidLDAPAttribute", default=shape.REQUIRED),
        "userObjectClasses": shape.Field(
            at=("config", "userObjectClasses"), kind="set", form="comma-config", default=shape.REQUIRED
        ),
        "connectionUrl": _text("connectionUrl", default=shape.REQUIRED),
        "usersDn": _text("usersDn", default=shape.REQUIRED),
        "bindDn": _text("bindDn"),
        "bindCredential": shape.Field(at=("config", "bindCredential"), form="config", secret=True, hidden=True),
        "customUserSearchFilter": _text("customUserSearchFilter"),
        "searchScope": _choice("searchScope", {"ONE_LEVEL": "1", "SUBTREE": "2"}, default="ONE_LEVEL"),
        "startTls": _flag("startTls", default=False),
        "useTruststoreSpi": _choice(
            "useTruststoreSpi", {"ALWAYS": "always", "ONLY_FOR_LDAPS": "ldapsOnly", "NEVER": "never"}, default="ALWAYS"
        ),
        "usePasswordModifyExtendedOp": _flag("usePasswordModifyExtendedOp", default=False),
        "validatePasswordPolicy": _flag("validatePasswordPolicy", default=False),
        "trustEmail": _flag("trustEmail", default=False),
        "connectionPooling": _flag("connectionPooling"),
        "connectionTimeout": shape.Field(at=("config", "connectionTimeout"), kind="duration", form="ms-config"),
        "readTimeout": shape.Field(at=("config", "readTimeout"), kind="duration", form="ms-config"),
        "pagination": _flag("pagination", default=True),
        "batchSizeForSync": _number("batchSizeForSync", default=1000),
        "fullSyncPeriod": _number("fullSyncPeriod", default=-1),
        "changedSyncPeriod": _number("changedSyncPeriod", default=-1),
    }

    def faults(self, new: resource.Properties) -> tuple[resource.Failure, ...]:
        url, name = new.get("connectionUrl"), "connectionUrl"
        if isinstance(url, str) and not url.startswith("ldaps://") and not new.get("startTls"):
            return (resource.Failure(property=name, reason="must begin with ldaps://, or `startTls` be true"),)
        if (new.get("bindDn") is None) != (new.get("bindCredential") is None):
            return (resource.Failure(property="bindDn", reason="and `bindCredential` belong together"),)
        return ()

    def parent(self, new: resource.Properties) -> str:
        return str(self.connection.session.get(self.path(new))["id"])

    def wanted(self, new: resource.Properties) -> dict[str, Any]:
        body = super().wanted(new)
        body["config"]["authType"] = ["simple" if new.get("bindDn") else "none"]
        return body


class UserAttributeMapper(_Component):
    """Which attribute of the directory is which of an account. Keycloak makes some itself; those are adopted."""

    WHAT = "LDAP attribute mapper"
    TYPE = _MAPPER
    PROVIDER = "user-attribute-ldap-mapper"
    SHAPE: ClassVar[shape.Shape] = {
        "realmId": shape.Field(default=shape.REQUIRED, replaces=True),
        "ldapUserFederationId": shape.Field(default=shape.REQUIRED, replaces=True),
        "name": shape.Field(at=("name",), default=shape.REQUIRED),
        "ldapAttribute": _text("ldap.attribute", default=shape.REQUIRED),
        "userModelAttribute": _text("user.model.attribute", default=shape.REQUIRED),
        "readOnly": _flag("read.only", default=False),
        "alwaysReadValueFromLdap": _flag("always.read.value.from.ldap", default=False),
        "isMandatoryInLdap": _flag("is.mandatory.in.ldap", default=False),
        "attributeDefaultValue": _text("attribute.default.value"),
        "isBinaryAttribute": _flag("is.binary.attribute", default=False),
    }

    def parent(self, new: resource.Properties) -> str:
        return str(new["ldapUserFederationId"])
