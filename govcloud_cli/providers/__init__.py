"""Pulumi resource providers of ours: `keycloak`, `kubernetes`, `postgresql` and `lab`.

The official provider plugins are binaries that an isolated network cannot download, so we serve the
resource types that our stacks use over Pulumi's own provider protocol.

To write a provider, make a package `govcloud_cli/providers/<name>/` whose module has

    def package() -> resource.Package: ...

and list its name in `server.PACKAGES`. The package's `configure` gets the provider's configuration and
returns one `resource.Handler` per type token. Handlers are ordinary synchronous Python on plain values;
`servicer` and `wire` deal with gRPC, secrets and unknowns. `resource` holds the whole interface.

`python -m govcloud_cli.providers kubernetes lab` serves them until its standard input closes and prints
`{"kubernetes": 41001, "lab": 41002}`: the ports for `PULUMI_DEBUG_PROVIDERS=kubernetes:41001,lab:41002`.
"""
