# SPDX-License-Identifier: Apache-2.0
"""The pure parts of the module ec2_vpc_network, and the one function that reads."""
