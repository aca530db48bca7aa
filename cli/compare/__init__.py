"""`lytics-ml compare`: models side by side."""
