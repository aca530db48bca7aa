"""One command a file. What a command needs is loaded when it runs, so that `--help` is quick."""
