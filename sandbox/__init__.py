"""The Lytics ML API on this machine: a real server, models that really train, faults on request.

Nothing here is imported by the client or imports it, so that a misreading of the API shows.
"""
