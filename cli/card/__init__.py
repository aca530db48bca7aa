"""`lytics-ml card`: what a model is, for whom, and how well it does."""
