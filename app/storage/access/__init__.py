"""People, and the credentials that authenticate them."""
