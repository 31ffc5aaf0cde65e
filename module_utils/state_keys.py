# SPDX-License-Identifier: Apache-2.0
"""What the keys in a state bucket end with and begin with: states, their locks, and the records of runs beside them."""

from __future__ import annotations

import re

# Source: terraform internal/backend/remote-state/s3/client.go: the lock of a state lies beside it.
STATE, LOCK, HISTORY = ".tfstate", ".tflock", ".history/"
# The name of a record: its time, by which names sort, and the beginning of the id of the lock it was written under.
NAME = r"(\d{8}T\d{6}\.\d{6}Z)-[0-9a-f]{8}\.json\Z"
NAME_OF_RECORD = re.compile(NAME)
KEY_OF_RECORD = re.compile(rf".*{re.escape(HISTORY)}{NAME}")
