"""`lytics-ml compare`: models side by side, and what the difference is worth."""
