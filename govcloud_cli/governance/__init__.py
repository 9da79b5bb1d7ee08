"""What the platform decides about requests: pure, so that everybody can compute the same answer."""
