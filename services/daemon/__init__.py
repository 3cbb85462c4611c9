"""What every daemon needs: entry point, lock, socket, notification, allocator."""
