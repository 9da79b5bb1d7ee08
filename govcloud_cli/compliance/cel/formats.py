"""`format.<name>().validate(text)` (k8s.io/apiserver/pkg/cel/library, `Format`): what is wrong with a text.

The engine takes no optionals from Python: `validate` gives a list here, and `texts.read` makes an optional of it.
"""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from govcloud_cli.compliance.cel import declarations, urls, values

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", re.ASCII)
_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII)
_LABEL_1035: Final = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?", re.ASCII)
_NAME: Final = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]", re.ASCII)
_UUID: Final = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_TIME: Final = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}(.[0-9]+)?(z|[+-][0-9]{2}:[0-9]{2})", re.ASCII | re.IGNORECASE)
_BASE64: Final = re.compile(r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_LONGEST_LABEL: Final = 63
_LONGEST_SUBDOMAIN: Final = 253


def _is_prefix(test: Callable[[str], bool]) -> Callable[[str], bool]:
    """A prefix may end in `-`, since something follows."""
    return lambda text: test(f"{text[:-2]}a" if len(text) > 1 and text.endswith("-") else text)


def _is_label(text: str) -> bool:
    return len(text) <= _LONGEST_LABEL and bool(_LABEL.fullmatch(text))


def _is_label_1035(text: str) -> bool:
    return len(text) <= _LONGEST_LABEL and bool(_LABEL_1035.fullmatch(text))


def _is_subdomain(text: str) -> bool:
    return len(text) <= _LONGEST_SUBDOMAIN and bool(_SUBDOMAIN.fullmatch(text))


def _is_qualified_name(text: str) -> bool:
    prefix, slash, name = text.rpartition("/")
    if slash and not _is_subdomain(prefix):
        return False
    return len(name) <= _LONGEST_LABEL and bool(_NAME.fullmatch(name))


def _is_label_value(text: str) -> bool:
    return not text or (len(text) <= _LONGEST_LABEL and bool(_NAME.fullmatch(text)))


def _is_date(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text if _DATE.fullmatch(text) else "")
    except ValueError:
        return text.startswith("0000-") and _is_date(f"2000{text[4:]}")
    return True


def _is_datetime(text: str) -> bool:
    date, *times = text.lower().split("t")
    time = times[0] if times else ""
    return _is_date(date) and bool(_TIME.fullmatch(time)) and time[:2] <= "23" and max(time[3:5], time[6:8]) <= "59"


_TESTS: Final[Mapping[str, Callable[[str], bool]]] = {
    "dns1123Label": _is_label,
    "dns1123Subdomain": _is_subdomain,
    "dns1035Label": _is_label_1035,
    "qualifiedName": _is_qualified_name,
    "dns1123LabelPrefix": _is_prefix(_is_label),
    "dns1123SubdomainPrefix": _is_prefix(_is_subdomain),
    "dns1035LabelPrefix": _is_prefix(_is_label_1035),
    "labelValue": _is_label_value,
    "uri": urls.is_url,
    "uuid": lambda text: bool(_UUID.fullmatch(text)),
    "byte": lambda text: bool(_BASE64.fullmatch(text)),
    "date": _is_date,
    "datetime": _is_datetime,
}


def validate(named: Any, text: str) -> list[str]:
    """What is wrong; nothing if it is of the format."""
    return [] if _TESTS[named.text](text) else [f"not of the format {named.text}"]


OVERLOADS: Final = (
    *(
        declarations.function(f"format.{name}", (), values.FORMAT, functools.partial(values.make, values.FORMAT, name))
        for name in _TESTS
    ),
    declarations.method("validate", (values.FORMAT, "string"), "list<string>", validate),
)
