# SPDX-License-Identifier: Apache-2.0
"""Answers that others recorded from AWS, beside what localcloud answers in a comparable place."""
