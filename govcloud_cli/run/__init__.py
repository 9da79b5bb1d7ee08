"""Effects: everything that starts a process, opens a socket or writes a file."""
