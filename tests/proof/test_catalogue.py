# SPDX-License-Identifier: Apache-2.0
"""Every answer of AWS's failure catalogue, at a write of a whole environment: outlasted, or told with what helps.

The rows stand in catalogue.yml. Nothing is lost either way: the next run finishes, exactly one of each.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.reconcile.engine import failure_of

from localcloud.process import Cloud
from tests.integration.test_drifts import VARIABLES
from tests.support import figures
from tests.support.changes import complete
from tests.support.environments import conducted
from tests.support.platform import LEASE_SECONDS, later

pytestmark = [pytest.mark.inside, pytest.mark.usefixtures("instant_retries")]
ROWS = yaml.safe_load((Path(__file__).parent / "catalogue.yml").read_text())


def fault(cloud: Cloud, row: dict[str, Any], **options: Any) -> None:
    service, operation = row["call"].split(":")
    stated = {name: row[name] for name in ("code", "status", "message") if name in row}
    cloud.fault("refuse", service=service, operation=operation, **stated, **options)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['call']} {row['code']}")
def test_each_answer_is_outlasted_or_told(cloud: Cloud, row: dict[str, Any]) -> None:
    figures.count("rows of the failure catalogue")
    operation = row["call"].split(":")[1]
    if row.get("outlasts"):
        fault(cloud, row, count=2)
        conducted(cloud, VARIABLES)
        assert cloud.faults()[0]["struck"] == 2, f"{operation} was not sent again"
    else:
        fault(cloud, row)
        with pytest.raises(Exception) as ended:  # noqa: PT011 - the module turns every error into a sentence
            conducted(cloud, VARIABLES)
        said = failure_of(ended.value)
        assert "Traceback" not in said
        assert f"{operation}: {row['code']}" in said, said
        assert row["says"] in said.partition("Next: ")[2], said
    cloud.clear_faults()
    later(cloud, LEASE_SECONDS)
    conducted(cloud, VARIABLES)
    complete(cloud, VARIABLES)


def test_there_are_enough_of_them() -> None:
    assert len(ROWS) >= 60
