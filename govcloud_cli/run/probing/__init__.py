"""Probes that need an account: temporary people, their tokens, and what these are refused."""
