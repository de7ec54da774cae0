"""Windows, grey levels and drawings: from pixel values to what a screen shows."""
