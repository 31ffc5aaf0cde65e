#!/usr/bin/python
# Copyright: Streambed contributors
# Apache-2.0
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
    choices: [AES256, "aws:kms"]
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
  lock_table:
    description:
      - Whether the lock table C(<stack_name>-<environment_suffix>-state-lock) is kept beside the bucket.
      - Terraform below 1.10 needs it. With C(false) a table that exists is left alone.
    type: bool
    default: false
  allow_lock_table_removal:
    description: Whether O(lock_table=false) deletes a lock table of this environment.
    type: bool
    default: false
  delete_state_history:
    description: Whether O(state=absent) may delete a bucket that holds objects; every old state is lost.
    type: bool
    default: false
  held_lock_id:
    description: ID of a lock in the bucket that this very run holds; O(state=absent) does not stop at it.
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
settling:
  description: What is still in the making, empty when all is settled.
  returned: success
  type: dict
scheduled:
  description: Options whose change waits for a maintenance window; a bucket has none.
  returned: success
  type: dict
waiting_for:
  description: What AWS was in the middle of when the run began.
  returned: success
  type: list
  elements: str
aws_calls:
  description: Calls made, as C(reads) and C(writes).
  returned: success
  type: dict
"""

from ansible.module_utils.policies import canonical_all
from ansible.module_utils.reconcile.aws import code_of
from ansible.module_utils.reconcile.component import Component, Seen
from ansible.module_utils.reconcile.engine import run
from ansible.module_utils.reconcile.errors import Refusal, Refused
from ansible.module_utils.reconcile.fields import Field
from ansible.module_utils.reconcile.plan import CREATE, DELETE, Call
from ansible.module_utils.reconcile.tags import boto3_tags, foreign, wanted_tags
from ansible.module_utils.s3_state_bucket import contents, lifecycle, lock_table, policy, settings
from ansible.module_utils.s3_state_bucket.names import bucket_name
from ansible.module_utils.s3_state_bucket.rules import rules
from botocore.exceptions import ClientError, NoRegionError

NOUN = contents.NOUN
OWNERSHIP = ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]
# The one region that CreateBucket must not be told.  Source: CreateBucket API reference, LocationConstraint.
UNNAMED_REGION = "us-east-1"

OPTIONS = {
    "name": {},
    "account_id": {"required": True},
    "versioning_enabled": {"type": "bool", "default": True},
    "sse_algorithm": {"choices": ["AES256", "aws:kms"]},
    "kms_key_id": {},
    "bucket_key_enabled": {"type": "bool"},
    "block_public_access": {"type": "bool", "default": True},
    "object_ownership": {"choices": OWNERSHIP, "default": OWNERSHIP[0]},
    "tls_only": {"type": "bool", "default": True},
    "policy_statements": {"type": "list", "elements": "dict"},
    "purge_policy_statements": {"type": "bool", "default": False},
    "noncurrent_versions_days": {"type": "int"},
    "noncurrent_versions_kept": {"type": "int"},
    "abort_incomplete_multipart_days": {"type": "int"},
    "lock_table": {"type": "bool", "default": False},
    "allow_lock_table_removal": {"type": "bool", "default": False},
    "delete_state_history": {"type": "bool", "default": False},
    "held_lock_id": {},
}


FIELDS = (
    Field("name", fixed="a bucket cannot be renamed"),
    Field("block_public_access"),
    Field("object_ownership"),
    Field("sse_algorithm"),
    Field("kms_key_id", normal=settings.bare_key),
    Field("bucket_key_enabled"),
    Field("versioning_enabled"),
    Field("tls_only"),
    Field("policy_statements", normal=canonical_all),
    *(Field(name) for name in lifecycle.FIELDS),
    Field("tags"),
    Field("lock_table", normal=lock_table.comparable),
)

PERMISSIONS = frozenset({
    "dynamodb:CreateTable", "dynamodb:DeleteTable", "dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable",
    "dynamodb:ListTagsOfResource", "dynamodb:Scan", "dynamodb:TagResource", "dynamodb:UntagResource",
    "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateTable", "s3:AbortMultipartUpload", "s3:CreateBucket",
    "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:DeleteObject", "s3:DeleteObjectVersion",
    "s3:GetBucketOwnershipControls", "s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock", "s3:GetBucketTagging",
    "s3:GetBucketVersioning", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:GetObject",
    "s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions", "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging", "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration", "s3:TagResource",
})  # fmt: skip

# A name whose bucket was just deleted stays taken for a while; a table takes one change at a time, and its backups are
# not there at once.  Source: CreateBucket, UpdateTable and UpdateContinuousBackups API references, Errors.
PATIENCE = {
    "OperationAborted": 180, "ResourceInUseException": 300, "LimitExceededException": 60,
    "ContinuousBackupsUnavailableException": 120,
}  # fmt: skip
# Two first runs of an environment may make both at once: nothing can lock the making of what holds the lock.
# The first is what S3 answers outside us-east-1.
HARMLESS = {"BucketAlreadyOwnedByYou": "", "ResourceInUseException": "Table already exists"}


def place(options):
    """Which bucket, and whose: S3 refuses a call that names another owner."""
    return {"Bucket": bucket_name(options), "ExpectedBucketOwner": options["account_id"]}


# --- observe -------------------------------------------------------------------------------------------------------


def observe(aws, options):
    """At most two rounds of reads side by side; a third, of what the bucket holds, before it is deleted."""
    if not aws.region:
        raise NoRegionError
    where = place(options)
    requests = {"bucket": ("s3", "head_bucket", where, settings.GONE)}
    if options["lock_table"] or options["allow_lock_table_removal"] or options["state"] == "absent":
        name = {"TableName": lock_table.table_name(options)}
        requests["table"] = ("dynamodb", "describe_table", name, lock_table.ABSENT)
    try:
        found = aws.read_many(requests)
    except ClientError as error:
        if error.operation_name != "HeadBucket" or code_of(error) != "403":
            raise
        return Seen(None, foreign=(name_taken(where["Bucket"]),))
    table = (found.get("table") or {}).get("Table")
    requests = settings.requests(where) if found["bucket"] is not None else {}
    answers = aws.read_many({**requests, **(table_requests(table) if table else {})})
    around = {"region": aws.region}
    tables, waits, strangers = observed_table(aws, options, table, answers)
    if found["bucket"] is None:
        return Seen(None, tables, around, waits, foreign=strangers)
    resource, rest = settings.observed(where["Bucket"], found["bucket"].get("BucketRegion") or aws.region, answers)
    strangers += foreign_bucket(options, resource, aws.region)
    if options["state"] == "absent" and not strangers:
        rest["contents"] = read_contents(aws, where)
    return Seen({**resource, **tables}, {}, {**around, **rest}, waits, foreign=strangers)


def table_requests(table):
    name, absent = table["TableName"], ("TableNotFoundException", *lock_table.ABSENT)
    return {
        "backups": ("dynamodb", "describe_continuous_backups", {"TableName": name}, absent),
        "table_tags": ("dynamodb", "list_tags_of_resource", {"ResourceArn": table["TableArn"]}, absent),
    }


def observed_table(aws, options, table, answers):
    """The satellite, what it waits for, and refusals; a table that is not ours and not wanted is left alone."""
    if table is None:
        return {"lock_table": {}}, (), ()
    if table["TableStatus"] == "DELETING":
        return {"lock_table": {}}, (lock_table.gone(table["TableName"]),), ()
    seen = lock_table.observed(table, answers["backups"], (answers["table_tags"] or {}).get("Tags"))
    strangers = lock_table.strangers(options, table, seen["tags"])
    if strangers:
        return {"lock_table": {}}, (), strangers if options["lock_table"] else ()
    if not options["lock_table"] or options["state"] == "absent":
        seen["locks"] = read_table_locks(aws, table["TableName"])
    waits = () if table["TableStatus"] == "ACTIVE" else (lock_table.settled(table["TableName"]),)
    return {"lock_table": seen}, waits, ()


def read_contents(aws, where):
    """Every version, delete marker and upload, and the text of the current states and locks."""
    found = aws.read_many({
        "versions": ("s3", "list_object_versions", where, settings.GONE),
        "uploads": ("s3", "list_multipart_uploads", where, settings.GONE),
    })  # fmt: skip
    versions, markers = ((found["versions"] or {}).get(kind) or [] for kind in ("Versions", "DeleteMarkers"))
    current = [each["Key"] for each in versions if each["IsLatest"] and each["Key"].endswith((".tfstate", ".tflock"))]
    requests = {key: ("s3", "get_object", {**where, "Key": key}, ("NoSuchKey",)) for key in current}
    answers = aws.read_many(requests)
    texts = {key: answer["Body"].read().decode(errors="replace") for key, answer in answers.items() if answer}
    return {
        "objects": [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in (*versions, *markers)],
        "uploads": [{"Key": each["Key"], "UploadId": each["UploadId"]}
                    for each in (found["uploads"] or {}).get("Uploads") or []],
        "states": {key: text for key, text in texts.items() if key.endswith(contents.STATE)},
        "locks": {key: text for key, text in texts.items() if key.endswith(contents.LOCK)},
    }  # fmt: skip


def read_table_locks(aws, name):
    """Held locks by state; items without Info are Terraform's checksums."""
    found = aws.read("dynamodb", "scan", lock_table.ABSENT, TableName=name, ConsistentRead=True)
    items = (found or {}).get("Items", [])
    return {item["LockID"]["S"]: item["Info"]["S"] for item in items if "Info" in item}


def name_taken(name):
    return Refusal(NOUN, name, "name", "a bucket of another account, or one that these credentials may not see",
                   "a bucket of ours", "choose another name, check account_id, or allow s3:ListBucket")  # fmt: skip


def foreign_bucket(options, resource, region):
    """Refusals for a bucket of our name that is not ours, or that lies elsewhere."""
    refusals = foreign(options, NOUN, resource["name"], resource["tags"])
    if resource["region"] != region:
        refusals += (Refusal(NOUN, resource["name"], "region", resource["region"], region,
                             "S3 cannot move a bucket: name its region, or choose another name"),)  # fmt: skip
    return refusals


# --- desire, create, update, delete --------------------------------------------------------------------------------


def desire(options, seen):
    """The declaration, with policy and lifecycle merged into what others have put there."""
    observed, around = seen.resource or {}, seen.around
    name, region = bucket_name(options), around["region"]
    arn = policy.bucket_arn(name, region)
    document = policy.merged(around.get("policy"), arn, options["tls_only"], options["policy_statements"],
                             options["purge_policy_statements"])  # fmt: skip
    days = {field: observed.get(field, 0) if options[field] is None else options[field] for field in lifecycle.FIELDS}
    tables = seen.satellites if seen.resource is None else seen.resource
    return {
        **{field.name: options[field.name] for field in FIELDS if field.name in OPTIONS},
        "name": name,
        "account_id": options["account_id"],
        "region": region,
        "policy": document,
        "policy_statements": None if options["policy_statements"] is None else policy.others(document),
        "lifecycle_rules": lifecycle.merged(around.get("lifecycle_rules", ()), days),
        "minimum_object_size": around.get("minimum_object_size", settings.DEFAULT_SIZE),
        "blocked_encryption": around.get("blocked_encryption"),
        "aws_tags": around.get("aws_tags", {}),
        "tags": wanted_tags(options, observed.get("tags")),
        "lock_table": lock_table.wanted(options, tables.get("lock_table")),
    }


def guards(observed, desired, differences):
    """Changes that lose data and that no option allows."""
    if "versioning_enabled" in differences and not desired["versioning_enabled"]:
        yield Refusal(NOUN, desired["name"], "versioning_enabled", False, "true, as it is",
                      "keep it: a bucket of states without versions has no way back")  # fmt: skip


def newborn(desired):
    """A bucket right after CreateBucket.

    Source: S3 User Guide, "Default settings for new S3 buckets FAQ": encrypted since January 2023, no public access and
    no access control lists since April 2023.
    """
    return {
        "name": desired["name"],
        "versioning_enabled": False,
        "sse_algorithm": "AES256",
        "kms_key_id": None,
        "bucket_key_enabled": False,
        "block_public_access": True,
        "object_ownership": "BucketOwnerEnforced",
        "tls_only": False,
        "policy_statements": [],
        **lifecycle.in_force(()),
        "tags": desired["tags"],
        "lock_table": {},
    }


def create(desired):
    """The tags are in it, so that a bucket is never without an owner.  Source: CreateBucket API reference, Tags."""
    configuration = {"Tags": boto3_tags(desired["tags"])}
    if desired["region"] != UNNAMED_REGION:
        configuration["LocationConstraint"] = desired["region"]
    params = {"Bucket": desired["name"], "CreateBucketConfiguration": configuration}
    return [
        Call("s3", "create_bucket", params, settings.on(desired["name"]), f"create bucket {desired['name']}", CREATE)
    ]


def update(observed, desired, differences):
    """Holes are closed first; each call sets one thing."""
    changed = set(differences)
    calls = []
    if "block_public_access" in changed:
        calls.append(settings.block_call(desired))
    if "object_ownership" in changed:
        calls.append(settings.ownership_call(desired))
    if changed & set(settings.ENCRYPTION):
        calls.append(settings.encryption_call(observed, desired))
    if "versioning_enabled" in changed:
        calls.append(settings.versioning_call(desired))
    if changed & {"tls_only", "policy_statements"}:
        calls.append(settings.policy_call(desired))
    if changed & set(lifecycle.FIELDS):
        calls.append(settings.lifecycle_call(desired))
    if "tags" in changed:
        # S3 replaces the whole set, and takes AWS's own tags for removed when they are not in it.
        tags = {"TagSet": boto3_tags({**desired["aws_tags"], **desired["tags"]})}
        calls.append(settings.call(desired, "put_bucket_tagging", "set tags", Tagging=tags))
    if "lock_table" in changed:
        calls += lock_table.changes(observed["lock_table"], desired["lock_table"])
    return calls


def delete(seen, options):
    """The contents, the bucket, and last the table that locks them.  Raises Refused while something is still in use."""
    calls, refusals = [], []
    where, after = place(options), ()
    if seen.resource is not None:
        held = seen.around["contents"]
        refusals += contents.refusals(where["Bucket"], held, options["delete_state_history"], options["held_lock_id"])
        after = (settings.on(where["Bucket"]),)
        calls += contents.emptying(where, after[0], held)
        calls.append(Call("s3", "delete_bucket", where, after[0], f"delete bucket {where['Bucket']}", DELETE))
    table = (seen.resource or seen.satellites).get("lock_table")
    try:
        calls += lock_table.removal(table, after) if table else []
    except Refused as refused:
        refusals += refused.refusals
    if refusals:
        raise Refused(refusals)
    return calls


COMPONENT = Component(
    module="s3_state_bucket", noun=NOUN, options=OPTIONS, fields=FIELDS, rules=rules, observe=observe,
    desire=desire, guards=guards, newborn=newborn, create=create, update=update, delete=delete,
    permissions=PERMISSIONS, patience=PATIENCE, harmless=HARMLESS,
)  # fmt: skip


def main():
    run(COMPONENT)


if __name__ == "__main__":
    main()
