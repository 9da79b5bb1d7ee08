"""What a realm has once beside itself: its recording of events, and what users may be made to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from govcloud_cli import errors
from govcloud_cli.providers import resource
from govcloud_cli.providers.keycloak import handler, shape


class RealmEvents(handler.Realms):
    """What a realm records of log-ins and of administration. Deleting it turns the recording off."""

    WHAT = "realm events"
    SHAPE: ClassVar[shape.Shape] = {
        "realmId": shape.Field(default=shape.REQUIRED, replaces=True),
        "eventsEnabled": shape.Field(at=("eventsEnabled",), kind="flag", default=False),
        "eventsExpiration": shape.Field(at=("eventsExpiration",), kind="number", default=0),
        "eventsListeners": shape.Field(at=("eventsListeners",), kind="set"),
        "enabledEventTypes": shape.Field(at=("enabledEventTypes",), kind="set"),
        "adminEventsEnabled": shape.Field(at=("adminEventsEnabled",), kind="flag", default=False),
        "adminEventsDetailsEnabled": shape.Field(at=("adminEventsDetailsEnabled",), kind="flag", default=False),
    }

    def called(self, new: resource.Properties) -> str:
        return str(new.get("realmId"))

    def sought(self, new: resource.Properties) -> str | None:
        return str(new["realmId"])

    def live(self, recorded: resource.Properties, identifier: str) -> handler.Json | None:
        place = {"realmId": identifier, **recorded}
        found = self.connection.session.find(self.path(place, "events", "config"))
        if found is None:
            return None
        # Where no types were chosen, Keycloak records all that matter, and tells them here as if each had been.
        chosen = self.connection.session.get(self.path(place)).get("enabledEventTypes")
        return {**found, "enabledEventTypes": sorted(chosen or ())}

    def make(self, new: resource.Properties) -> str:
        del new
        raise errors.GovcloudError("the realm does not exist", remedy="make the realm first")

    def change(
        self, new: resource.Properties, identifier: str, live: handler.Json, *, old: resource.Properties
    ) -> None:
        del identifier, old
        whole = shape.merged(live, shape.represented(self.SHAPE, new))
        if whole != live:
            self._put(new, whole)

    def remove(self, old: resource.Properties, identifier: str) -> None:
        off = {"eventsEnabled": False, "adminEventsEnabled": False, "adminEventsDetailsEnabled": False}
        self._put({"realmId": identifier, **old}, {**off, "eventsExpiration": 0, "enabledEventTypes": []})

    def _put(self, new: resource.Properties, whole: Mapping[str, object]) -> None:
        self.connection.session.put(self.path(new, "events", "config"), dict(whole))


class RequiredAction(handler.Realms):
    """Whether something may be demanded of, or done by, a user himself. Deleting it leaves it as it is."""

    WHAT = "required action"
    SHAPE: ClassVar[shape.Shape] = {
        "realmId": shape.Field(default=shape.REQUIRED, replaces=True),
        "alias": shape.Field(at=("alias",), default=shape.REQUIRED, replaces=True),
        "name": shape.Field(at=("name",)),
        "enabled": shape.Field(at=("enabled",), kind="flag", default=False),
        "defaultAction": shape.Field(at=("defaultAction",), kind="flag", default=False),
        "priority": shape.Field(at=("priority",), kind="number"),
    }

    def check(self, new: resource.Properties, *, old: resource.Properties, name: str) -> resource.Checked:
        """See `resource.Handler`; its `name` is a title, and Keycloak has one."""
        del old, name
        return shape.check(self.SHAPE, new)

    def called(self, new: resource.Properties) -> str:
        return str(new.get("alias"))

    def sought(self, new: resource.Properties) -> str | None:
        return f"{new['realmId']}/{new['alias']}"

    def live(self, recorded: resource.Properties, identifier: str) -> handler.Json | None:
        del recorded
        realm, _, alias = identifier.partition("/")
        found = self.connection.session.find(self.path({"realmId": realm}, "authentication", "required-actions", alias))
        return None if found is None else dict(found)

    def make(self, new: resource.Properties) -> str:
        raise errors.GovcloudError(
            f"Keycloak has no required action `{new['alias']}`", remedy="name one that this version of Keycloak has"
        )

    def change(
        self, new: resource.Properties, identifier: str, live: handler.Json, *, old: resource.Properties
    ) -> None:
        del identifier, old
        whole = shape.merged(live, shape.represented(self.SHAPE, new))
        if whole != live:
            path = self.path(new, "authentication", "required-actions", str(new["alias"]))
            self.connection.session.put(path, whole)

    def remove(self, old: resource.Properties, identifier: str) -> None:
        del old, identifier
