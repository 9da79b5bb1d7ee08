"""What judging takes from this host and leaves on it: policies' folders, roles' defaults, report files."""
