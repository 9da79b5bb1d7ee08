"""The way to a side's identity service: in the lab it answers inside a network namespace only."""
