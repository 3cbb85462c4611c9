"""Daemons and the command line; they compose the libraries."""
