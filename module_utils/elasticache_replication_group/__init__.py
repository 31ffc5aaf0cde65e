# SPDX-License-Identifier: Apache-2.0
"""The pure parts of the module ``elasticache_replication_group``, and ``observe``, which reads AWS for them."""
