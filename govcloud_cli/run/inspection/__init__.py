"""The eyes of `run.drift`: a process that stands where a side's cluster and databases can be reached.

Apart from it, because whoever looks should not have to load what a deploy is made of.
"""
