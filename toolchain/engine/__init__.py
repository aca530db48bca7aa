"""The Pulumi engine: from PATH, downloaded, or built."""
