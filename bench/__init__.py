"""What the documents's figures come from: `make bench`."""
