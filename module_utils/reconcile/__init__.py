# SPDX-License-Identifier: Apache-2.0
"""The core that all components share: observe AWS, compare, plan, apply, observe again."""
