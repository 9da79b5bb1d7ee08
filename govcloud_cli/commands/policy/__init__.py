"""`govcloud policy`: what is demanded, whether it holds, and why; in CI as at deploy."""

from __future__ import annotations

import click

from govcloud_cli.commands import groups

# Word -> (module, what `--help` says of it). A module is never named like a builtin that this package uses.
WORDS: dict[str, tuple[str, str]] = {
    "check": ("policy.check", "Judge the environment, or any manifests; changes nothing."),
    "list": ("policy.listing", "List the policies, by control, profile or input."),
    "explain": ("policy.explain", "Say what a policy demands, why, and how to mend it."),
    "coverage": ("policy.coverage", "Say which controls are checked automatically, in part, or by people."),
    "test": ("policy.testing", "Hold every policy to its samples."),
    "new": ("policy.new", "Write a policy with samples that pass at once."),
}


@click.group(cls=groups.Words, table=WORDS, short_help="Judge plans and manifests by the compliance policies.")
def policy() -> None:
    """Everything about compliance policies (合规策略): the text that CI judges by is the one in the cluster.

    \b
    Examples:
      govcloud policy check
      govcloud policy check deploy/ --sarif govcloud.sarif
      govcloud policy explain pod-privileged
      govcloud policy coverage --control L3-ABS1-05

    Works offline. Exit codes of `check`: 0 clean, 3 findings at or above --fail-on, 2 could not judge.
    """
