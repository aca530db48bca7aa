"""`lytics-ml schema`: the JSON schema of stack files."""
