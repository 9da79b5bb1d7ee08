"""GovCloud: one shared government cloud, described in YAML, provisioned by Pulumi stacks and Ansible roles."""

__version__ = "0.1.0"
