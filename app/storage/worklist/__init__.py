"""Pages of studies in the order of a blind index, and marks of who has read them."""
