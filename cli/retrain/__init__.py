"""`lytics-ml retrain`: trains an unchanged declaration anew."""
