# SPDX-License-Identifier: Apache-2.0
"""Every request is held against botocore's model of its operation before a backend sees it."""
