"""Joiner, mover, leaver: brings the accounts of a side's identity service to what `people.yaml` says.

`governance.people_changes` decides; `directory` reads the accounts, `applying` changes them, `syncing` does all of it
in an order that may be killed anywhere: who leaves first, and of each the disabling first. `rotating` changes the
database passwords that somebody takes along in his head. `side` does both for one side, audited, and `runs` (`people
sync`) and `deploying` call it; `enrolling` gives password and one-time code.
"""
