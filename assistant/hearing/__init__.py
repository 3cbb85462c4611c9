"""Hearing: voice activity, wake words, turn end."""
