"""The sotto command."""
