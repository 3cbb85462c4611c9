"""Home Assistant over its WebSocket API."""
