"""connectord: holds the connection to a smart-home hub, and attaches itself to the assistant."""
