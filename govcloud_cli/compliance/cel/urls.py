"""`url` (k8s.io/apiserver/pkg/cel/library, `URLs`): absolute URLs and absolute paths, as Go's net/url takes them."""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import re
import urllib.parse
from typing import Any, Final

from govcloud_cli.compliance.cel import declarations, values

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.ASCII | re.DOTALL)
_PORT: Final = re.compile(r"(:[0-9]*)?", re.ASCII)
_USER: Final = re.compile(r"[A-Za-z0-9._:~!$&'()*+,;=%@-]*", re.ASCII)
_HOST: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:\[\]<>\"%-]|[^\x00-\x7f]", re.ASCII)
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ASCII_ESCAPE: Final = re.compile(r"%(?!25)[0-7]")
_PLAIN_PATH: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/\[\]%-]*", re.ASCII)
_SAFE_HOST: Final = "!$&'()*+,;=:[]<>\"-_.~"
_SAFE_PATH: Final = "$&+,/:;=@-_.~"
_SAFE_FRAGMENT: Final = "$&+,/:;=?@-_.~!()*'"
_LONGEST: Final = 65_536
_MOST_PARAMETERS: Final = 10_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Url:
    scheme: str = ""
    user: str | None = None
    host: str = ""
    path: str = ""
    """Escaped."""
    opaque: str | None = None
    query: str | None = None
    fragment: str = ""

    def __str__(self) -> str:
        text = f"{self.scheme}:" if self.scheme else ""
        if self.opaque is not None:
            text += self.opaque
        else:
            user = f"{self.user}@" if self.user is not None else ""
            host = urllib.parse.quote(self.host, safe=_SAFE_HOST, errors="surrogateescape")
            text += f"//{user}{host}" if user or host else ""
            text += self.path
        text += "" if self.query is None else f"?{self.query}"
        return text + (f"#{self.fragment}" if self.fragment else "")


def _unescaped(text: str) -> str:
    """Percent signs resolved.

    Raises:
        ValueError: one of them is not followed by two hexadecimal digits.
    """
    if _BAD_ESCAPE.search(text):
        raise ValueError("invalid URL escape")
    return urllib.parse.unquote(text, errors="surrogateescape")


def _bracketed(host: str) -> str:
    """`[v6]:port`; a zone stands behind `%25`."""
    inside, closing, port = host[1:].rpartition("]")
    if not closing or not _PORT.fullmatch(port):
        raise ValueError("invalid IP-literal or port")
    if _ASCII_ESCAPE.search(inside.partition("%25")[0]):
        raise ValueError("invalid URL escape")
    address = _unescaped(inside)
    bare, percent, zone = address.partition("%")
    if (percent and not zone) or not _is_v6(bare):
        raise ValueError("invalid host")
    return f"[{address}]{port}"


def _is_v6(text: str) -> bool:
    """Whether net/netip takes it as IPv6; unlike CEL's `ip`, with an IPv4 address inside."""
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _host(host: str, scheme: str) -> str:
    if host.startswith("["):
        return _bracketed(host)
    if "[" in host:
        raise ValueError("invalid IP-literal")
    if not all(_HOST.fullmatch(character) for character in host) or _ASCII_ESCAPE.search(host):
        raise ValueError("invalid character in host name")
    first = host.find(":") if scheme in ("http", "https") else host.rfind(":")
    if first >= 0 and not _PORT.fullmatch(host[first:]):
        raise ValueError("invalid port after host")
    return _unescaped(host)


def _escaped_path(path: str) -> str:
    plain = _unescaped(path)
    if _PLAIN_PATH.fullmatch(path):
        return path
    return urllib.parse.quote(plain, safe=_SAFE_PATH, errors="surrogateescape")


def _parse(text: str, *, request: bool = True) -> _Url:
    """As of a request, which begins with a scheme or a path; else `//host` is a host without a scheme."""
    if (request and not text) or len(text) > _LONGEST or _CONTROL.search(text):
        raise ValueError("empty, too long, or with a control character")
    if text == "*":
        return _Url(path="*")
    if text.startswith(":"):
        raise ValueError("missing protocol scheme")
    found = _SCHEME.fullmatch(text)
    scheme, rest = (found[1].lower(), found[2]) if found else ("", text)
    rest, mark, after = rest.partition("?")
    query = after if mark else None
    if not rest.startswith("/"):
        if scheme:
            return _Url(scheme=scheme, opaque=rest, query=query)
        if request:
            raise ValueError("invalid URI for request")
    user, host = None, ""
    if rest.startswith("//") and (scheme or (not request and not rest.startswith("///"))):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
        before, at, host = authority.rpartition("@")
        host = _host(host, scheme)
        if at:
            if not _USER.fullmatch(before):
                raise ValueError("invalid userinfo")
            _unescaped(before)
            user = before
    return _Url(scheme=scheme, user=user, host=host, path=_escaped_path(rest), query=query)


@functools.lru_cache(maxsize=1024)
def _url(text: str) -> _Url:
    """A URL with its fragment, which a request's has none of."""
    bare, _, fragment = text.partition("#")
    plain = urllib.parse.quote(_unescaped(fragment), safe=_SAFE_FRAGMENT, errors="surrogateescape")
    return dataclasses.replace(_parse(bare, request=False), fragment=plain)


def url(text: str) -> Any:
    """A URL of its written form.

    Raises:
        ValueError: it is none, or relative.
    """
    _parse(text)
    return values.make(values.URL, str(_url(text)))


def is_url(text: str) -> bool:
    """Whether it is an absolute URL or an absolute path."""
    try:
        _parse(text)
    except ValueError:
        return False
    return True


def _split(host: str) -> tuple[str, str]:
    name, colon, port = host.rpartition(":")
    if not colon or not _PORT.fullmatch(f":{port}"):
        name, port = host, ""
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    return name, port


def get_query(value: Any) -> dict[str, list[str]]:
    """Parameter -> its values; what is malformed is left out.

    Raises:
        ValueError: one is no text; Kubernetes would go on with its bytes.
    """
    found: dict[str, list[str]] = {}
    parts = (_url(value.text).query or "").split("&")
    if len(parts) > _MOST_PARAMETERS:
        return found
    for part in parts:
        if not part or ";" in part or _BAD_ESCAPE.search(part):
            continue
        name, _, content = part.partition("=")
        found.setdefault(_parameter(name), []).append(_parameter(content))
    return found


def _parameter(text: str) -> str:
    try:
        return urllib.parse.unquote_plus(text, errors="strict")
    except UnicodeDecodeError as failure:
        raise ValueError("a parameter of the query is no text") from failure


_U: Final = values.URL
OVERLOADS: Final = (
    declarations.function("url", ("string",), _U, url),
    declarations.function("isURL", ("string",), "bool", is_url),
    declarations.method("getScheme", (_U,), "string", lambda value: _url(value.text).scheme),
    declarations.method("getHost", (_U,), "string", lambda value: _url(value.text).host),
    declarations.method("getHostname", (_U,), "string", lambda value: _split(_url(value.text).host)[0]),
    declarations.method("getPort", (_U,), "string", lambda value: _split(_url(value.text).host)[1]),
    declarations.method("getEscapedPath", (_U,), "string", lambda value: _url(value.text).path),
    declarations.method("getQuery", (_U,), "map<string,list<string>>", get_query),
)
