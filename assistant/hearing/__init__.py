"""Hearing: voice activity, wake words, end-of-turn model."""
