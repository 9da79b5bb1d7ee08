"""Pulumi project `network`: the lab's segments, machines and forwards."""
