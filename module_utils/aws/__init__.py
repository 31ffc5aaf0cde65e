# SPDX-License-Identifier: Apache-2.0
"""Talking to AWS: what retries, what is sent once, and what AWS says in plain words."""
