"""Who came in, who was refused, how much they moved: taken from gateway and identity service into the audit.

`lines` makes one form of both, `days` keeps it in daily files whose digests are in the chained log, and `collecting`
fetches.
"""
