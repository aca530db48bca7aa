"""`lytics-ml prune`: deletes models that their successors have retired."""
