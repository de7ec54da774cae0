"""Labelled radiographs as training and evaluation take them: images, class names, manifest."""
