# SPDX-License-Identifier: Apache-2.0
"""Runs the module of the same name inside the controller."""

from ansible.plugins.loader import action_loader


class ActionModule(action_loader.get("in_process", class_only=True)):
    module = "elasticache_replication_group"
    services = ("elasticache", "ec2")
