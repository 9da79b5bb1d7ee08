"""What the roles of each service are told of their machine."""
