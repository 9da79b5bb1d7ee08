"""The common shape of everything that enters as YAML."""

from __future__ import annotations

import pydantic
from pydantic import alias_generators

API_VERSION = "govcloud/v1"


class Model(pydantic.BaseModel):
    """Frozen, strict, and closed: an unknown key is a fault, not a surprise.

    Validate with `model_validate_json`: strict JSON mode takes a string for an enum or an address,
    but never `"3"` for 3 or `yes` for true.
    """

    model_config = pydantic.ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=alias_generators.to_camel,
        validate_by_alias=True,
        validate_by_name=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
    )
