"""Pulumi projects on the official SDKs: they apply what `govcloud_cli.plan` decided, and decide nothing."""
