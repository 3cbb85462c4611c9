"""Audio: capture, playback, ring buffer, resampling, files."""
