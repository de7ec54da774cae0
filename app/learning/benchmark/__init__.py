"""Figures of this machine: one image, many clients, many stored studies, and what others need for the same."""
