"""Administration: people, keys, retention, audit verification, health."""
