"""What the application does: each use case reads as a list of steps, and knows nothing of HTTP."""
