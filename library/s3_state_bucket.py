#!/usr/bin/python
# Copyright: Streambed contributors. Apache License 2.0 or GNU General Public License v3.0+, as you choose.
# SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
"""One S3 bucket for Terraform and CDKTF state, and its optional DynamoDB lock table, kept as declared."""

DOCUMENTATION = r"""
module: s3_state_bucket
short_description: Keep the bucket for Terraform and CDKTF state as declared
description:
  - Creates, changes and deletes the state bucket of an environment, and the DynamoDB lock table beside it.
  - Policy statements, lifecycle rules and tags of others stay, unless an option says otherwise.
  - The bucket is never deleted while a state in it manages something or while Terraform holds a lock.
options:
  name:
    description: Name of the bucket. Left out, it is C(<stack_name>-<environment_suffix>-state-<account_id>).
    type: str
  account_id:
    description: The account that the bucket belongs to; a bucket of any other account is never touched.
    type: str
    required: true
  versioning_enabled:
    description: Whether old states are kept. Versioning that is on cannot be turned off here.
    type: bool
    default: true
  sse_algorithm:
    description: Encryption of new objects. A new bucket has C(AES256).
    type: str
    choices: [AES256, "aws:kms", "aws:kms:dsse"]
  kms_key_id:
    description: Key for O(sse_algorithm=aws:kms), as id, ARN or alias. C(alias/aws/s3) is the service's own.
    type: str
  bucket_key_enabled:
    description: Whether S3 asks KMS once per bucket instead of once per object, with O(sse_algorithm=aws:kms).
    type: bool
  block_public_access:
    description: Whether all four ways to make the bucket public are blocked.
    type: bool
    default: true
  object_ownership:
    description: Who owns the objects. C(BucketOwnerEnforced) turns access control lists off.
    type: str
    choices: [BucketOwnerEnforced, BucketOwnerPreferred, ObjectWriter]
    default: BucketOwnerEnforced
  tls_only:
    description: Whether requests without TLS are denied, by the statement C(StreambedTlsOnly) of the bucket policy.
    type: bool
    default: true
  policy_statements:
    description: More statements of the bucket policy, each with a C(Sid) by which it is found again.
    type: list
    elements: dict
  purge_policy_statements:
    description: Whether statements that are not in O(policy_statements) are removed.
    type: bool
    default: false
  noncurrent_versions_days:
    description: Days after which an old version is deleted, 0 for never.
    type: int
  noncurrent_versions_kept:
    description: Old versions of each object that stay however old they are, 0 to 100.
    type: int
  abort_incomplete_multipart_days:
    description: Days after which an unfinished upload is removed, 0 for never.
    type: int
  access_logging:
    description: Where S3 writes who asked for what. Empty is nowhere.
    type: dict
    suboptions:
      target_bucket:
        description: Name of the bucket that takes the logs; its policy must let C(logging.s3.amazonaws.com) write.
        type: str
      target_prefix:
        description: What the names of the logs begin with.
        type: str
  replication:
    description:
      - Where every new version is copied to. Empty is nowhere. Rules of others stay.
      - Deletions are not copied.
    type: dict
    suboptions:
      role_arn:
        description: ARN of the role under which S3 copies.
        type: str
      bucket_arn:
        description: ARN of the bucket that takes the copies; it must have versions too.
        type: str
      storage_class:
        description: Storage class of the copies; left out, that of the originals.
        type: str
      kms_key_arn:
        description: Key in the region of the copies, for states that are encrypted with KMS.
        type: str
  object_lock:
    description:
      - For how long nobody can delete a version, be it of a state or of a lock. Empty is no retention.
      - Object Lock cannot be switched off again, and a bucket with locked versions cannot be deleted. Locking of states
        does not need it.
    type: dict
    suboptions:
      mode:
        description: C(GOVERNANCE) lets those with a special right delete, C(COMPLIANCE) lets nobody.
        type: str
        choices: [GOVERNANCE, COMPLIANCE]
      days:
        description: Days for which a version is kept.
        type: int
  adopt:
    description: Whether a bucket of this name in this account that bears no ownership tags becomes ours.
    type: bool
    default: false
  lock_table:
    description:
      - Whether the lock table C(<stack_name>-<environment_suffix>-state-lock) is kept beside the bucket.
      - Terraform below 1.10 needs it. With C(false) a table that exists is left alone.
    type: bool
    default: false
  lock_table_name:
    description:
      - Name of the lock table; left out, C(<stack_name>-<environment_suffix>-state-lock). A table cannot be renamed -
        under another name a new one is made, and the old one is told as an orphan.
    type: str
  lock_table_kms_key_id:
    description:
      - Key that encrypts the lock table, as id, ARN or alias. An empty text is a key that DynamoDB owns, which costs
        nothing; left out, what is there stays.
    type: str
  allow_lock_table_removal:
    description: Whether O(lock_table=false) deletes a lock table of this environment.
    type: bool
    default: false
  delete_state_history:
    description: Whether O(state=absent) may delete a bucket that holds objects; every old state is lost.
    type: bool
    default: false
  lock_state_key:
    description:
      - State key of a lock in the bucket that this run's environment holds and takes away itself, when the bucket goes.
      - Such a lock does not stand in the way of O(state=absent).
    type: str
extends_documentation_fragment:
  - streambed
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
author:
  - Streambed contributors (@streambed)
"""

EXAMPLES = r"""
- name: Keep a locked-down, versioned bucket
  s3_state_bucket:
    stack_name: sensors
    environment_suffix: dev
    account_id: "123456789012"

- name: Keep a bucket with a key of our own, a year of history, and locks for Terraform 1.9
  s3_state_bucket:
    stack_name: sensors
    environment_suffix: prod
    account_id: "123456789012"
    sse_algorithm: aws:kms
    kms_key_id: alias/state
    bucket_key_enabled: true
    noncurrent_versions_days: 365
    noncurrent_versions_kept: 20
    abort_incomplete_multipart_days: 7
    lock_table: true
    policy_statements:
      - Sid: AuditReads
        Effect: Allow
        Principal: {AWS: "arn:aws:iam::123456789012:role/audit"}
        Action: s3:GetObject
        Resource: arn:aws:s3:::sensors-prod-state-123456789012/*

- name: Remove the bucket with every old state
  s3_state_bucket:
    stack_name: sensors
    environment_suffix: dev
    account_id: "123456789012"
    delete_state_history: true
    state: absent
"""

RETURN = r"""
calls:
  description: The writes that were made, or in check mode would be made, in order.
  returned: success
  type: list
  elements: dict
  sample:
    - service: s3
      operation: put_bucket_versioning
      params: {Bucket: sensors-dev-state-123456789012, VersioningConfiguration: {Status: Enabled}}
      "on": bucket sensors-dev-state-123456789012
      why: keep old states
      change: in place
resource:
  description: The bucket as it is after the run, in the words of the options, with C(arn), C(region) and C(lock_table).
  returned: success
  type: dict
  sample: {name: sensors-dev-state-123456789012, region: eu-west-1, versioning_enabled: true, lock_table: {}}
calls_left:
  description: Calls that a run without O(wait) left to a later one, since they need what is still in the making.
  returned: success
  type: list
  elements: dict
scheduled:
  description: Options whose change waits for a maintenance window; a bucket has none.
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

from ansible.module_utils.reconcile.entry import run
from ansible.module_utils.s3_state_bucket.component import COMPONENT


def main() -> None:
    run(COMPONENT)


if __name__ == "__main__":
    main()
