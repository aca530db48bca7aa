"""What a model needs to go live, which models are live, and what a live one must keep. Pure."""
