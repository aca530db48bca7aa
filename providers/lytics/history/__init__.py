"""What was live when, and with which scores: JSON lines, one file a stack."""
