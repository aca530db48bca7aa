"""Makes each page of the reference from the code that it describes."""
