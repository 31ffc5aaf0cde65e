# SPDX-License-Identifier: Apache-2.0
"""Real servers behind the endpoints of replication groups, where `redis-server` or `valkey-server` is installed."""
