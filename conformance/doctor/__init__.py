"""What keeps a client from working before any clause is judged: the key, the way, the account; one sentence each."""
