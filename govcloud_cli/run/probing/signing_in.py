"""Logs in as a person with a browser does at a Keycloak: the password's page, then the code's; then takes the tokens.

The client is the one of `govcloud login`, so what is shown of its tokens holds for people's.
"""

from __future__ import annotations

import dataclasses
import html.parser
import http.client
import http.cookies
import secrets
import urllib.parse
from collections.abc import Callable, Mapping

from govcloud_cli import errors
from govcloud_cli.run.login import endpoints, proof, tokens, transport
from govcloud_cli.run.probing import probe_people

_REDIRECT = "http://127.0.0.1:1/callback"
"""Nobody listens there: what is brought is taken out of the redirect itself."""
_MOST_PAGES = 10
_MOST_BYTES = 512 * 1024


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tokens:
    """What a log-in gave."""

    access: str = dataclasses.field(repr=False)
    identity: str = dataclasses.field(repr=False)
    """The ID token: signed by the same key, for another audience."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Page:
    """What the browser shows."""

    status: int
    leads: str | None
    """Where it redirects to."""
    text: str = dataclasses.field(repr=False)


def log_in(
    asked: transport.Https, place: endpoints.Endpoints, person: probe_people.Person, *, now: Callable[[], float]
) -> Tokens:
    """Log in. Raises `errors.GovcloudError` where the pages are others than a log-in's, or lead nowhere."""
    verifier, state = proof.verifier(), secrets.token_urlsafe(16)
    query = {
        "client_id": tokens.CLIENT,
        "response_type": "code",
        "scope": "openid",
        "redirect_uri": _REDIRECT,
        "state": state,
        **proof.challenge(verifier),
    }
    joint = "&" if "?" in place.authorization else "?"
    brought = _walk(_Browser(asked), f"{place.authorization}{joint}{urllib.parse.urlencode(query)}", person, now)
    found = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(brought).query))
    if found.get("state") != state or "code" not in found:
        raise _lost("the browser brought no code")
    form = {
        "client_id": tokens.CLIENT,
        "grant_type": "authorization_code",
        "code": found["code"],
        "redirect_uri": _REDIRECT,
        "code_verifier": verifier,
    }
    document = tokens.accepted(asked.ask(place.token, form))
    return Tokens(access=str(document["access_token"]), identity=str(document["id_token"]))


def _walk(browser: _Browser, url: str, person: probe_people.Person, now: Callable[[], float]) -> str:
    """Fill in what is asked for until it leads back to us; return where it leads."""
    page, filled = browser.open(url), set[str]()
    for _ in range(_MOST_PAGES):
        if page.leads is not None:
            url = urllib.parse.urljoin(url, page.leads)
            if url.startswith(f"{_REDIRECT}?"):
                return url
            page = browser.open(url)
            continue
        form = Form.of(page.text)
        given = _given(form, person, now)
        if page.status != 200 or not given or filled & set(given):
            raise _lost(
                f"HTTP status {page.status}, a page that asks for {', '.join(sorted(form.fields)) or 'nothing'}"
            )
        filled |= set(given)
        url = urllib.parse.urljoin(url, form.action)
        page = browser.open(url, {**form.hidden, **given})
    raise _lost("its pages lead round in circles")


def _given(form: Form, person: probe_people.Person, now: Callable[[], float]) -> dict[str, str]:
    if "password" in form.fields:
        return {"username": person.name, "password": person.password}
    return {name: person.one_time_code(now()) for name in ("otp", "totp") if name in form.fields}


class Form(html.parser.HTMLParser):
    """The first form of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: set[str] = set()
        self.hidden: dict[str, str] = {}
        self._forms = 0
        self._inside = False

    @classmethod
    def of(cls, text: str) -> Form:
        """Read it from a page; without fields where the page has none."""
        form = cls()
        form.feed(text)
        return form

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take what a form and its inputs say."""
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._forms += 1
            self._inside = self._forms == 1
            if self._inside:
                self.action = said.get("action", "")
        elif tag == "input" and self._inside and "name" in said:
            self.fields.add(said["name"])
            if said.get("type") == "hidden":
                self.hidden[said["name"]] = said.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        """Note where the form ends."""
        self._inside = self._inside and tag != "form"


class _Browser:
    """Keeps cookies and stays at one host."""

    def __init__(self, asked: transport.Https) -> None:
        self._asked = asked
        self._jar = http.cookies.SimpleCookie()

    def open(self, url: str, form: Mapping[str, str] | None = None) -> Page:
        place = urllib.parse.urlsplit(url)
        if place.scheme != "https":
            raise _lost("it leads away from https")
        headers = {"Cookie": "; ".join(f"{name}={one.coded_value}" for name, one in self._jar.items())}
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        target = urllib.parse.urlunsplit(("", "", place.path or "/", place.query, ""))
        connection = self._asked.connection(url)
        try:
            connection.request("GET" if body is None else "POST", target, body=body, headers=headers)
            response = connection.getresponse()
            for line in response.headers.get_all("Set-Cookie", []):
                self._jar.load(line)
            text = response.read(_MOST_BYTES).decode("utf-8", "replace")
            return Page(status=response.status, leads=response.headers.get("Location"), text=text)
        except (OSError, http.client.HTTPException) as error:
            raise _lost(f"{type(error).__name__} at {place.netloc}") from None
        finally:
            connection.close()


def _lost(cause: str) -> errors.GovcloudError:
    return errors.GovcloudError(
        "a probe could not log in (登录探测失败)", cause=cause, remedy="try `govcloud login` as a person"
    )
