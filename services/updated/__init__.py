"""updated: finds, verifies and installs updates, and judges a new version by its voice."""
