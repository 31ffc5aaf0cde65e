#!/usr/bin/python
# Copyright: Streambed contributors
# Apache-2.0
"""Takes and frees the lock of an environment: the one that Terraform takes for that environment's state."""

DOCUMENTATION = r"""
module: environment_lock
short_description: Take or free the lock of an environment
description:
  - Keeps two runs from changing one environment at once, be they of Streambed, of AWX or of Terraform.
  - The lock is the object with which Terraform's S3 backend locks the state C(<environment_suffix>/<stack>.tfstate).
    It is taken with a conditional write, so exactly one of many wins.
  - A lock of Streambed is a lease. The component modules renew it while they run; when its run dies, the lease ends
    and the next run takes over. A lock of Terraform is never taken over.
  - One task makes one attempt; O(ignore:until) and C(retries) wait.
options:
  state:
    description: Whether the lock is to be held by this run, or free.
    type: str
    choices: [held, free]
    default: held
  stack_name:
    description: Name of the stack.
    type: str
    required: true
  environment_suffix:
    description: Name of the environment.
    type: str
    required: true
  account_id:
    description: The account that the environment lives in.
    type: str
    required: true
  bucket:
    description: The state bucket; left out, the name that M(s3_state_bucket) gives it.
    type: str
  terraform_stack:
    description: Name of the stack that keeps its state in the bucket; left out, O(stack_name).
    type: str
  operation:
    description: What the lock is taken for, in the words that others read.
    type: str
    default: change
  run:
    description: Where this run can be looked up, such as an AWX job.
    type: str
    default: ""
  lease_seconds:
    description: How long the lock holds without being renewed. Longer than any single call to AWS takes.
    type: int
    default: 120
  lock_id:
    description: The lock to free; a lock with another id is left alone.
    type: str
attributes:
  check_mode:
    support: full
    description: Looks who holds the lock; takes and frees nothing.
author:
  - Streambed contributors (@streambed)
"""

EXAMPLES = r"""
- name: Take the lock
  environment_lock:
    stack_name: sensors
    environment_suffix: dev
    account_id: "123456789012"
  register: lock_result
  until: lock_result is not failed or lock_result.holder is not defined
  retries: 18
  delay: 10

- name: Keep the stream as declared
  kinesis_data_stream:
    stack_name: sensors
    environment_suffix: dev
    environment_lock: "{{ lock_result.lock }}"

- name: Free the lock
  environment_lock:
    state: free
    stack_name: sensors
    environment_suffix: dev
    account_id: "123456789012"
    lock_id: "{{ lock_result.lock.id }}"
"""

RETURN = r"""
lock:
  description:
    - The lock that this run holds, as the component modules take it.
    - Empty in check mode, after freeing, and where there is no bucket to hold a lock.
    - C(careful) says that it was taken over from a run that died; what that run made last may not show yet.
  returned: success
  type: dict
  sample: {bucket: sensors-dev-state-123456789012, state_key: dev/sensors.tfstate, id: 6c1f…, careful: false}
holder:
  description: Who holds the lock instead, with C(id), C(who), C(since), C(operation) and C(info).
  returned: when another run holds it
  type: dict
sentence:
  description: The same for people, with the next step.
  returned: when the lock that was to be freed is another run's
  type: str
bucket_missing:
  description: Whether there is no bucket that could hold a lock.
  returned: when the lock was to be taken
  type: bool
aws_calls:
  description: Number of C(reads) and C(writes).
  returned: success
  type: dict
"""

from ansible.module_utils.backend_settings import state_key
from ansible.module_utils.reconcile import lease
from ansible.module_utils.reconcile.engine import attempt
from ansible.module_utils.reconcile.errors import Refusal, Refused
from ansible.module_utils.reconcile.identity import identity_of, refusals
from ansible.module_utils.reconcile.lock import Place, summary

NOUN = "environment lock"
OPTIONS = {
    "state": {"choices": ["held", "free"], "default": "held"},
    "stack_name": {"required": True},
    "environment_suffix": {"required": True},
    "account_id": {"required": True},
    "bucket": {},
    "terraform_stack": {},
    "operation": {"default": "change"},
    "run": {"default": ""},
    "lease_seconds": {"type": "int", "default": 120},
    "lock_id": {},
}
# The longest that a single call to AWS takes, until its answer counts as lost, is 70 s.
SHORTEST_LEASE_SECONDS = 90
# In a bucket with a key of KMS the lock is under that key as well.  Source: S3 user guide, "Using SSE-KMS".
PERMISSIONS = frozenset({
    "kms:Decrypt", "kms:GenerateDataKey", "s3:DeleteObject", "s3:GetEncryptionConfiguration", "s3:GetObject",
    "s3:ListBucket", "s3:PutObject",
})  # fmt: skip


def rules(options):
    """Refusals for what the options say."""
    yield from refusals(options)
    if options["state"] == "held" and options["lease_seconds"] < SHORTEST_LEASE_SECONDS:
        yield Refusal(NOUN, identity_of(options).name, "lease_seconds", options["lease_seconds"],
                      f"{SHORTEST_LEASE_SECONDS} or more, as long as a call to AWS may take", "raise it")  # fmt: skip


def place_of(options):
    """Where the lock lies."""
    bucket = options["bucket"] or identity_of(options).state_bucket(options["account_id"])
    return Place(bucket, state_key(options["environment_suffix"], options["terraform_stack"] or options["stack_name"]))


def look(aws, options):
    """What a plan says: who holds the lock, if anybody does."""
    found = lease.look(aws, place_of(options))
    return {"lock": {}, **({"holder": summary(found.lock)} if found else {})}


def take(aws, options):
    """The lock, or who holds it instead; another run's lock fails the attempt."""
    place = place_of(options)
    try:
        lock = lease.take(aws, place, options["operation"], options["run"], options["lease_seconds"])
    except lease.Held as held:
        return {"failed": True, "msg": str(held), "lock": {}, "holder": summary(held.found.lock)}
    return {"lock": lock, "bucket_missing": not lock}


def free(aws, options):
    """Nothing, or who holds the lock instead; freeing what is free is no error."""
    wanted = options["lock_id"]
    found = lease.free(aws, place_of(options), wanted) if wanted else lease.look(aws, place_of(options))
    return {"lock": {}, **({"holder": summary(found.lock), "sentence": found.sentence()} if found else {})}


def act(aws, options, check_mode):
    """The module's result.  Raises Refused for options that make no lock."""
    refused = list(rules(options))
    if refused:
        raise Refused(refused)
    if check_mode:
        return look(aws, options)
    return {"held": take, "free": free}[options["state"]](aws, options)


def main():
    attempt(OPTIONS, act)


if __name__ == "__main__":
    main()
