"""What a review says of a change. Pure."""
