# SPDX-License-Identifier: Apache-2.0
"""Every answer of the embedded cloud that a component reads has the shape that botocore's model gives it."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from ansible.module_utils.aws.client import Aws
from botocore.validate import ParamValidator

from localcloud.process import Cloud
from tests.integration.test_faults import DECLARATIONS, prepared
from tests.support.components import MODULES
from tests.support.runs import aws_of, run

SESSION = botocore.session.get_session()


def faults(service: str, api_name: str, answer: dict[str, Any]) -> list[str]:
    """Wrong types and missing members of an answer, by botocore's own validator.

    Lengths and ranges in the models are meant for requests; AWS itself answers with empty lists and zeros there. A
    policy document is text on the wire, which botocore hands over parsed; a null is what moto sends for a member that
    it has nothing for.
    """
    shape = SESSION.get_service_model(service).operation_model(api_name).output_shape
    body = {key: value for key, value in answer.items() if key != "ResponseMetadata"}
    report = ParamValidator().validate(body, shape).generate_report() if shape and body else ""
    wrong = [line for line in report.splitlines() if line.startswith(("Invalid type", "Missing required"))]
    return [line for line in wrong if "PolicyDocument" not in line and "value: None" not in line]


class Checked(Aws):
    """AWS whose answers are held against the service model."""

    seen: set[str]

    def read(self, service: str, operation: str, *rest: Any, **params: Any) -> dict[str, Any] | None:
        answer = super().read(service, operation, *rest, **params)
        self.check(service, operation, answer or {})
        return answer

    def write(self, service: str, operation: str, *rest: Any) -> dict[str, Any]:
        answer = super().write(service, operation, *rest)
        self.check(service, operation, answer)
        return answer

    def check(self, service: str, operation: str, answer: dict[str, Any]) -> None:
        name = self.api_name(service, operation)
        self.seen.add(f"{service}:{name}")
        assert faults(service, name, answer) == [], f"{service}:{name}"


@pytest.mark.parametrize("module", MODULES)
def test_answers_have_the_models_shape(cloud: Cloud, module: str) -> None:
    prepared(cloud, module)
    aws = aws_of(cloud, Checked)
    aws.seen = set()
    run(cloud, module, DECLARATIONS[module], aws=aws)
    run(
        cloud,
        module,
        {"state": "absent", **{k: v for k, v in DECLARATIONS[module].items() if k == "account_id"}},
        aws=aws,
    )
    assert len(aws.seen) > 4


def test_a_wrong_shape_is_found() -> None:
    assert len(faults("ec2", "DescribeVpcs", {"Vpcs": [{"VpcId": 7}]})) == 1
