"""Measure the application under pressure: slow connections, many clients, one request of 20 large files."""
