#!/usr/bin/python
# Copyright: Streambed contributors. Apache License 2.0 or GNU General Public License v3.0+, as you choose.
# SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
"""One Kinesis data stream, kept as declared.  The module to imitate when you write another."""

DOCUMENTATION = r"""
module: kinesis_data_stream
short_description: Keep one Kinesis data stream as declared
description:
  - Creates, changes and deletes the data stream of an environment.
  - A change of the shard count beyond twice or half of the present count becomes several steps; a run that ends between
    two of them is continued by the next one.
options:
  name:
    description: Name of the stream. Left out, it is C(<stack_name>-<environment_suffix>).
    type: str
  adopt:
    description:
      - Whether a stream of this name that bears no ownership tags becomes ours. It keeps all that is not declared.
    type: bool
    default: false
  stream_mode:
    description: How capacity is provided.
    type: str
    choices: [PROVISIONED, ON_DEMAND]
  shard_count:
    description: Open shards of a provisioned stream, 1 to 10000. Required for a new provisioned stream.
    type: int
  warm_throughput_mibps:
    description:
      - What a stream with O(stream_mode=ON_DEMAND) takes at once, in MiB per second, 0 to 10240, before it has grown to
        it. A lower value lets go of what is not needed any more.
      - The account has to have agreed to C(MinimumThroughputBillingCommitment), for all of its streams in the region.
    type: int
  manage_shards:
    description:
      - Whether O(shard_count) is kept. Without it, it counts only when the stream is made.
      - For streams whose shards an autoscaler sets.
    type: bool
    default: true
  retention_hours:
    description: Hours for which a record is kept, 24 to 8760.
    type: int
  allow_retention_decrease:
    description: Whether O(retention_hours) may shrink; records older than the new retention are lost.
    type: bool
    default: false
  max_record_size_kib:
    description: The largest record that is taken, 1024 to 10240.
    type: int
  encryption_type:
    description: Encryption at rest.
    type: str
    choices: [KMS, NONE]
  kms_key_id:
    description: Key for O(encryption_type=KMS), as id, ARN or alias. Left out, it is C(alias/aws/kinesis).
    type: str
  shard_level_metrics:
    description: Metrics that are kept for each shard, at a price. An empty list is none.
    type: list
    elements: str
    choices:
      - IncomingBytes
      - IncomingRecords
      - OutgoingBytes
      - OutgoingRecords
      - WriteProvisionedThroughputExceeded
      - ReadProvisionedThroughputExceeded
      - IteratorAgeMilliseconds
  consumers:
    description:
      - Names of the consumers with enhanced fan-out, at most 20.
      - Consumers that were registered by somebody else stay; those of ours that are not named are deregistered.
    type: list
    elements: str
  enforce_consumer_deletion:
    description: Whether a stream that somebody else consumes may be deleted; their consumers go with it.
    type: bool
    default: false
  resource_policy:
    description: The policy that lets others use the stream, as a document with C(Statement). Empty is none.
    type: dict
  alarms:
    description:
      - CloudWatch alarms on the stream, each with the threshold above which it goes off. Empty is none.
    type: dict
    suboptions:
      iterator_age_ms:
        description: How far behind consumers may be for 15 minutes, in milliseconds.
        type: float
      write_throttles:
        description: How many writes may be throttled in a minute, five minutes in a row.
        type: float
      read_throttles:
        description: How many reads may be throttled in a minute, five minutes in a row.
        type: float
      actions:
        description: ARNs of what is told when an alarm goes off and when it ends, such as SNS topics.
        type: list
        elements: str
extends_documentation_fragment:
  - streambed
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
author:
  - Streambed contributors (@streambed)
"""

EXAMPLES = r"""
- name: Keep an on-demand stream, encrypted with the service's own key
  kinesis_data_stream:
    stack_name: sensors
    environment_suffix: dev
    stream_mode: ON_DEMAND
    encryption_type: KMS

- name: Keep a provisioned stream that remembers a week
  kinesis_data_stream:
    stack_name: sensors
    environment_suffix: prod
    stream_mode: PROVISIONED
    shard_count: 8
    retention_hours: 168
    encryption_type: KMS
    kms_key_id: alias/sensors
    tags:
      team: telemetry

- name: Keep a stream that an autoscaler scales, with a consumer of its own and alarms
  kinesis_data_stream:
    stack_name: sensors
    environment_suffix: prod
    shard_count: 4
    manage_shards: false
    consumers: [dashboard]
    shard_level_metrics: [IteratorAgeMilliseconds]
    alarms:
      iterator_age_ms: 60000
      write_throttles: 0
      actions: ["arn:aws:sns:eu-west-1:123456789012:on-call"]

- name: Remove the stream
  kinesis_data_stream:
    stack_name: sensors
    environment_suffix: dev
    state: absent
"""

RETURN = r"""
calls:
  description: The writes that were made, or in check mode would be made, in order.
  returned: success
  type: list
  elements: dict
  sample:
    - service: kinesis
      operation: create_stream
      params: {StreamName: sensors-dev, ShardCount: 2}
      "on": stream sensors-dev
      why: create stream sensors-dev
      change: create
resource:
  description: The stream as it is after the run, in the words of the options, with C(arn).
  returned: success
  type: dict
  sample: {name: sensors-dev, arn: "arn:aws:kinesis:eu-west-1:123456789012:stream/sensors-dev", shard_count: 2}
calls_left:
  description: Calls that a run without O(wait) left to a later one, since they need what is still in the making.
  returned: success
  type: list
  elements: dict
scheduled:
  description: Options whose change waits for a maintenance window; a stream has none.
  returned: success
  type: dict
foreign:
  description: What others have put into it; always empty here.
  returned: success
  type: list
  elements: dict
waiting_for:
  description: What AWS was still in the middle of at the last look.
  returned: success
  type: list
  elements: str
aws_calls:
  description: Calls made, as C(reads) and C(writes).
  returned: success
  type: dict
"""

from ansible.module_utils.kinesis_data_stream.component import COMPONENT
from ansible.module_utils.reconcile.entry import run


def main() -> None:
    run(COMPONENT)


if __name__ == "__main__":
    main()
