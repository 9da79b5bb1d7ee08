"""The project `platform`: what one side's cluster has once."""
