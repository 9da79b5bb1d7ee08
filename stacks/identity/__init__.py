"""The project `identity`: one side's realm, its groups and clients."""
