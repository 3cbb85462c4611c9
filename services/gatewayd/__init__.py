"""The only daemon that listens on the network: REST, WebSocket, gRPC; it holds no models."""
