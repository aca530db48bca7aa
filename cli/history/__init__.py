"""`lytics-ml history`: what was live when, and with which scores."""
