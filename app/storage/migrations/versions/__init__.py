"""One module per change of the schema; once released, none is ever edited."""
