"""Use cases of the application: each reads as a list of steps, and knows nothing of HTTP."""
