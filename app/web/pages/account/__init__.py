"""Pages of people about their own access."""
