"""What a bare machine needs before the app can start; only the standard library is used here."""
