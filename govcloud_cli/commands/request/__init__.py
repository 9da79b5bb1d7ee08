"""`govcloud request`: from a department's wish to a person's signed decision."""

from __future__ import annotations

import click

from govcloud_cli.commands import groups

WORDS: dict[str, tuple[str, str]] = {
    "submit": ("request.submitting", "Ask for approval of a tenant's file as it is now (提交)."),
    "approve": ("request.deciding", "Approve the request that waits, with your key (批准)."),
    "reject": ("request.deciding", "Reject the request that waits, with a reason (驳回)."),
    "cancel": ("request.cancelling", "Withdraw the request that waits (撤回)."),
    "status": ("request.standing", "Show requests, who has to decide, and whether decisions hold (进度)."),
}


@click.group(cls=groups.Words, table=WORDS, short_help="Ask for approval, decide, and see what was decided.")
def request() -> None:
    """Ask for approval (审批) of what a tenant's file says, and decide about it.

    \b
    Examples:
      govcloud request submit finance --comment "second data centre"
      govcloud request status
      govcloud request approve finance
      govcloud request reject finance --reason "ask again after the audit"
    """
