"""`lytics-ml validate`: every mistake of stack files."""
