"""`lytics-ml recover`: puts in order what a killed run left behind."""
