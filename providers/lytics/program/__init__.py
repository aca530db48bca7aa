"""What runs in the user's program: the resources, the waiting, the outputs, the ending."""
