"""Engines of the network: OpenVINO and torch, their imports, and the checked weights."""
