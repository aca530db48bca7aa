"""`lytics-ml rules`: what may not happen in a stack, and who breaks it."""
