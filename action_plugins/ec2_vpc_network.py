# SPDX-License-Identifier: Apache-2.0
"""Runs the module of the same name inside the controller."""

from ansible.plugins.loader import action_loader


class ActionModule(action_loader.get("in_process", class_only=True)):
    module = "ec2_vpc_network"
    services = ("ec2", "iam", "logs")
