"""Send mutated inputs to the application, and look for answers that are failures of its own."""
