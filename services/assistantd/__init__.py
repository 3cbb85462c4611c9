"""The daemon that owns microphone, speaker and models."""
