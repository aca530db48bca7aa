"""Changes to files: comments kept, at once or not at all."""
