"""Which policies a profile holds."""

from __future__ import annotations

from collections.abc import Iterable

from govcloud_cli.model import policies

_LADDER = (policies.Profile.BASELINE, policies.Profile.MLPS_L2, policies.Profile.MLPS_L3)
"""Each holds all of those before it."""


def holds(profile: policies.Profile, policy: policies.Policy) -> bool:
    """Whether `policy` is part of `profile`."""
    if profile is policies.Profile.PSS_BASELINE:
        return policy.spec.pod_security is policies.PodSecurity.BASELINE
    if profile is policies.Profile.PSS_RESTRICTED:
        return policy.spec.pod_security is not None
    return _LADDER.index(policy.spec.profile) <= _LADDER.index(profile)


def choose(profile: policies.Profile, known: Iterable[policies.Policy]) -> tuple[policies.Policy, ...]:
    """Those of `known` that `profile` holds, in the order given."""
    return tuple(policy for policy in known if holds(profile, policy))
