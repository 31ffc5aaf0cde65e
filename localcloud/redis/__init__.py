"""Real servers behind the endpoints of replication groups, where `redis-server` or `valkey-server` is installed."""
