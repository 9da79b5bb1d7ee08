"""The project `tenants`: the namespaces and databases of one shard."""
