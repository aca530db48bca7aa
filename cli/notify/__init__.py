"""`--notify`: one message to a chat, when there is news."""
