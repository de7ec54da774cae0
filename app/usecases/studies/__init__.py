"""Studies: create, show, explain, delete."""
