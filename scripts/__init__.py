"""One command each, thin; `python -m scripts.NAME --help` says what it does."""
