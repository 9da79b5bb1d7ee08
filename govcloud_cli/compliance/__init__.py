"""Compliance: rules over what is planned and over anybody's manifests. Pure."""
