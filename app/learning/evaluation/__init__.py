"""Figures of a detector on a labelled data set, with intervals, and the report that shows them."""
