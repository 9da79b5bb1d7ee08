"""What more than one project uses."""
