"""`lytics-ml move`: a model goes to another stack."""
