# SPDX-License-Identifier: Apache-2.0
"""Runs the module of the same name inside the controller."""

from ansible.plugins.loader import action_loader


class ActionModule(action_loader.get("in_process", class_only=True)):
    module = "s3_state_bucket"
    services = ("s3", "dynamodb")
