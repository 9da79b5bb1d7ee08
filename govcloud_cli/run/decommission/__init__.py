"""The end of a tenant: looked at, backed up, removed, swept, and proved to be gone.

`reading` looks at the real cluster and servers, `decide` says from that alone what stands in the way and what is left,
`backup` keeps what is going to go, and `proceeding` does it all in an order that may be killed anywhere.
"""
