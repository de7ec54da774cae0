"""Adaptation of the shipped detector to own images: a plan for the machine, and a comparison of old and new."""
