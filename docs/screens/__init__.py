"""Makes the screens of the documents: the real tool, on a local stack of its own."""
