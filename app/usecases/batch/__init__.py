"""Inference on folders of files, without a database."""
