# SPDX-License-Identifier: Apache-2.0
"""Everything about a data stream but its documentation; only ``observe`` touches AWS."""
