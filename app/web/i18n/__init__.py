"""Languages of the pages, and the wording of verdicts, warnings and failures."""
