"""Stack files: YAML in, declarations out, every mistake with its place."""
