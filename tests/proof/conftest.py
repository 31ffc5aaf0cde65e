# SPDX-License-Identifier: Apache-2.0
"""The clouds of the integration tests."""

from tests.integration.conftest import cloud, inside_cloud, instant_retries, shared_cloud

__all__ = ["cloud", "inside_cloud", "instant_retries", "shared_cloud"]
