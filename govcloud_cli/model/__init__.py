"""What an environment is, as typed, frozen values. One class per concept; no file, no clock."""
