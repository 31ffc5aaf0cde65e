"""Talking to AWS: what retries, what is sent once, and what AWS says in plain words."""
