"""Parse requests: queries, bodies, uploads."""
