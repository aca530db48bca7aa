"""Gets the pinned Pulumi, and the virtual environment that its programs run in.

`bootstrap.sh` is what runs every time and asks this package only for what is missing, so that
the usual call costs no Python start. Nothing here imports more than the standard library, since
it runs before anything is installed; the one exception, the Automation API's installer, runs in
a process of its own.
"""
