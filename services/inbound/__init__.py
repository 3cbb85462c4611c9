"""What every server of the network has in common: who gets a place, and HTTP with limits."""
