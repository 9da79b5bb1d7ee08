"""People's VPN certificates: who has which, from which authority, on which token, and how one stops to work.

`authority` and `crl` are what the gateway trusts, `register` is what was issued, `issuing` and `cutting` change it.
"""
