"""`lytics-ml import`: declarations for models that an account has already."""
