"""A person with a browser who logs in at a real Keycloak: password page, then the page for the one-time code.

    browser = login_forms.Browser(server.tls())
    browser.log_in(url, accounts.Account(name="wang.fang", password="…", otp="…"))

Follows redirects, keeps cookies, fills forms. A redirect to another place (`http://127.0.0.1:…`) ends it.
"""

from __future__ import annotations

import dataclasses
import html
import http.cookiejar
import re
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from tests.support import accounts

_FORM = re.compile(r"<form\b[^>]*>.*?</form>", re.DOTALL)
_HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')
_MOST_PAGES = 12


@dataclasses.dataclass(frozen=True, kw_only=True)
class Page:
    """What the browser shows."""

    url: str
    text: str
    status: int = 200

    @property
    def words(self) -> str:
        """What can be read on it."""
        return re.sub(
            r"\s+", " ", html.unescape(re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", self.text, flags=re.DOTALL))
        )

    def fields(self) -> set[str]:
        """Names of the inputs of its form."""
        return set(re.findall(r'<(?:input|button)[^>]*\bname="([^"]+)"', self._form()))

    def action(self) -> str:
        """Where its form is sent to."""
        found = re.search(r'action="([^"]+)"', self._form())
        assert found is not None, f"no form on the page: {self.words[:400]}"
        return urllib.parse.urljoin(self.url, html.unescape(found[1]))

    def hidden(self) -> dict[str, str]:
        """The form's hidden fields."""
        found = {}
        for field in _HIDDEN.findall(self._form()):
            name, value = re.search(r'name="([^"]*)"', field), re.search(r'value="([^"]*)"', field)
            if name is not None:
                found[name[1]] = html.unescape(value[1]) if value else ""
        return found

    def _form(self) -> str:
        forms = _FORM.findall(self.text)
        return forms[0] if forms else ""


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Browser:
    """Somebody's browser."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=tls), urllib.request.ProxyHandler({}), jar, _Stay()
        )

    def ask(self, url: str, form: Mapping[str, str] | None = None) -> tuple[int, str, str]:
        """Ask for a page, or send a form; return status, text and where it leads (empty: nowhere)."""
        data = None if form is None else urllib.parse.urlencode(form).encode()
        try:
            with self._opener.open(url, data, timeout=30) as answer:
                return answer.status, answer.read().decode(), answer.headers.get("Location", "")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(), error.headers.get("Location", "")

    def open(self, url: str, form: Mapping[str, str] | None = None) -> Page:
        """Open a page, or send a form; follow redirects as long as they stay with https."""
        for _ in range(_MOST_PAGES):
            status, text, leads = self.ask(url, form)
            if not leads:
                return Page(url=url, text=text, status=status)
            url, form = urllib.parse.urljoin(url, leads), None
            if not url.startswith("https://"):
                return Page(url=url, text="")
        raise AssertionError("it leads round in circles")

    def log_in(self, url: str, account: accounts.Account, *, approve: bool = True) -> Page:
        """Log in and, if asked whether to, grant access; return the page where that ends.

        That is the page that was there before, if its answer was not taken: nothing is tried twice.
        """
        page, before = self.open(url), set[str]()
        for _ in range(_MOST_PAGES):
            fields = page.fields()
            if fields == before:
                return page
            before = fields
            if "password" in fields:
                page = self.open(page.action(), {"username": account.name, "password": account.password})
            elif fields & {"otp", "totp"}:
                (field,) = fields & {"otp", "totp"}
                page = self.open(page.action(), {field: account.code(time.time())})
            elif {"accept", "cancel"} <= fields:
                page = self.open(page.action(), {**page.hidden(), "accept" if approve else "cancel": "Yes"})
            else:
                return page
        raise AssertionError(f"the log-in does not end: {page.words[:400]}")
