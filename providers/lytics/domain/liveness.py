"""Which models are live, and how they come to be. Pure."""

# Lytics docs, "Limitations": 20 activated lookalike models per account, other people's included.
LIVE_LIMIT = 20
