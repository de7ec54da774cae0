"""Preparation of one checked data set from published and own sources."""
