"""Patients: whose a study is, found by number and name, typed by a clinician where the file does not say."""
