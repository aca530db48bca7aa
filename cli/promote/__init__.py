"""Bringing declarations from one environment to the next, once they have proved themselves there.

`fields` says what is promoted and what belongs to an environment, `evidence` what proves a model,
`exceptions` what a file says is only there, `writing` changes the file, `history` finds what was
live before.
"""
