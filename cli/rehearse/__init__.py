"""The whole change carried out on a copy of the account, before anybody approves it."""
