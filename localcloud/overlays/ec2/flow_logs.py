# SPDX-License-Identifier: Apache-2.0
"""Flow logs to a folder of a bucket, and in which form.  Source: EC2 API reference CreateFlowLogs."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import FlowLogAlreadyExists
from moto.ec2.models.flow_logs import FlowLogs as Model

from localcloud.overlays.ec2.base import Base
from localcloud.refusals import refuse

_PLAIN = {"FileFormat": "plain-text", "HiveCompatiblePartitions": False, "PerHourPartition": False}


class FlowLogs(Base):
    """CreateFlowLogs and DeleteFlowLogs."""

    def create_flow_logs(self) -> ActionResult:
        """The ids; a bucket that does not exist is told in `Unsuccessful`."""
        given = self.given
        destination, options = given.get("LogDestination"), given.get("DestinationOptions")
        if destination is None and "LogGroupName" not in given:
            # Source: recorded, ec2/create-flow-logs/error-no-destination.
            raise refuse("InvalidParameter", "LogDestination can't be empty if LogGroupName is not provided.")
        if destination and any(
            (log.log_destination, log.resource_id) == (destination, resource)
            for log in self.ec2_backend.flow_logs.values()
            for resource in given["ResourceIds"]
        ):
            # moto compares the buckets of new ones with the folders of others.  Source: EC2 error codes.
            raise FlowLogAlreadyExists
        to_bucket = given.get("LogDestinationType") == "s3"
        if to_bucket:
            given["LogDestination"] = destination.partition("/")[0]
        answer: Any = super().create_flow_logs().result
        for name in answer["FlowLogIds"]:
            made = self.ec2_backend.flow_logs[name]
            if to_bucket:
                made.log_destination = destination
                made.destination_options = {**_PLAIN, **(options or {})}
        return ActionResult(answer)

    def delete_flow_logs(self) -> ActionResult:
        """What could not be deleted: nothing.  Source: EC2 API reference DeleteFlowLogs, Unsuccessful."""
        super().delete_flow_logs()
        return ActionResult({"Unsuccessful": []})


def correct_models() -> None:
    """A flow log to CloudWatch Logs has no options for files."""
    Model.destination_options = None
