"""Logging in: a person's tokens of the identity service, kept for `kubectl` on the person's own machine."""
