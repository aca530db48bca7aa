"""The documents, and what makes the reference among them from the code."""
