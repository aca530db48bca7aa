"""What runs in the provider's host process, which the engine starts for each operation."""
