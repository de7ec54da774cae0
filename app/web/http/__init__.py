"""The HTTP layer under pages and API: errors, headers, limits, sessions, request parsing."""
