# SPDX-License-Identifier: Apache-2.0
"""The pure parts of the state bucket: its policy, its lifecycle, its contents, and the lock table beside it."""
