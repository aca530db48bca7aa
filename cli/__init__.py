"""The command line `lytics-ml`: what Pulumi has no command for."""
