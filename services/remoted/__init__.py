"""remoted: holds the connection to the remote recogniser, and attaches itself to the assistant."""
