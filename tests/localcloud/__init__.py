# SPDX-License-Identifier: Apache-2.0
"""The embedded cloud keeps AWS's rules: for each rule a call that passes and one that is refused."""
