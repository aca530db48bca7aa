"""Changes to files: comments kept, written whole or not at all."""
