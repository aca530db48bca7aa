"""`lytics-ml watch`: whether live models still score what they should."""
