"""Fracture detection on X-rays: the application. It assists; it never diagnoses."""
