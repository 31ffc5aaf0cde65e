#!/usr/bin/python
# Copyright: Streambed contributors. Apache License 2.0 or GNU General Public License v3.0+, as you choose.
# SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
"""One environment: its components looked at, planned and changed together."""

from __future__ import annotations

DOCUMENTATION = r"""
module: environment_run
short_description: Keep all components of an environment as declared, by one plan
description:
  - Looks at all components side by side, plans each on what the others will be, and makes all calls in one walk - what
    a component needs is there before it is used, and what it uses is let go of before it is deleted.
  - A run that changes anything holds the environment's lock, looks again under it, and reads everything once more
    afterwards.
  - The action plugin of the same name gathers the options of the components from the variables of their roles.
options:
  verb:
    description:
      - What is done. V(apply) brings the environment to its declaration; in check mode it is the plan.
      - V(adopt) writes ownership tags on what others built, and is refused when the plan would change anything else;
        without O(confirm) it shows the plan.
      - V(destroy) removes it. V(drift) says what is not as declared, and fails when anything is.
      - V(history) tells the newest runs that changed something, from the records that they left beside the state.
      - V(outputs) writes what other stacks need. V(preflight) compares the account with the plan.
      - V(permissions) writes the IAM policies that the others need; it asks AWS nothing.
      - V(rehearse) asks the account what it would say to the plan, by DryRun and IAM's simulator; it writes nothing.
      - V(report) returns what a page about the environment shows.
      - V(verify) tries out what is there - it writes records, a state, a key and the lock, and reads them back.
      - V(unlock) says who holds the environment's lock, and frees the one with O(lock_id).
    type: str
    choices: [adopt, apply, destroy, drift, history, outputs, permissions, preflight, rehearse, report, unlock, verify]
    default: apply
  stack_name:
    description: Name of the stack, the first part of every name.
    type: str
    required: true
  environment_suffix:
    description: Name of the environment, the last part of every name.
    type: str
    required: true
  account_id:
    description: The account that the environment lives in; the run stops in any other. The state bucket needs it.
    type: str
  region:
    description: The region that the environment lives in; the run stops in any other.
    type: str
  components:
    description:
      - Options of each component by its role, as its module takes them; null is no opinion.
      - There may be several streams and several caches, by name under C(streams) of C(kinesis) and C(caches) of
        C(redis), each with the options in which it differs from the role's others. Where it states no C(name) it is
        called after the environment and its own name.
    type: dict
    required: true
  only:
    description: Roles of the components that may change; left out, all of them. The others are looked at for outputs.
    type: list
    elements: str
  variables:
    description: Names of all variables that begin like a role's, so that misspelt ones are refused.
    type: list
    elements: str
    default: []
  allowed_changes:
    description:
      - Classes of change that need no approval; left out, all of them. C(create), C(in place), C(deferred),
        C(multi-step), C(disruptive), C(replace), C(delete).
    type: list
    elements: str
  max_monthly_increase:
    description:
      - How much a plan may add to a month's bill without approval, in USD by AWS's list prices; left out, any amount.
      - What is added at a price that nobody here knows needs approval as well.
    type: float
  approved_plan:
    description:
      - Digest of the plan that was approved; exactly that plan is made, or none.
      - A mapping holds one for each environment by its O(environment_suffix), or what AWX hands on of a plan - its
        C(digest), C(revision), the C(order) of its calls and how many were C(left_off).
    type: raw
  cache_ca_file:
    description: File with the authority of the cache's certificate, for O(verb=verify); left out, the public ones.
    type: path
  revision:
    description:
      - Revision of the project that this run is made of. A plan that was approved at another one is refused.
    type: str
    default: ""
  change_reference:
    description: What this run belongs to, a ticket say, for its record.
    type: str
    default: ""
  history_records:
    description: How many of the newest runs O(verb=history) tells, 1 to 1000.
    type: int
    default: 20
  confirm:
    description: Name of the environment, without which O(verb=destroy) refuses and O(verb=adopt) changes nothing.
    type: str
  purge_orphans:
    description: Whether main objects that bear this environment's tags and are declared nowhere are removed.
    type: bool
    default: false
  whole:
    description: Whether O(components) is all that the environment consists of; where not, nobody looks for orphans.
    type: bool
    default: true
  outputs:
    description: Whether ids, endpoints and backend settings are written to O(artifacts_folder).
    type: bool
    default: true
  artifacts_folder:
    description: Where plans, drift and outputs are written; none are where it is empty.
    type: str
    default: ""
  terraform_stack:
    description: Name of the stack that keeps its state in the bucket, the key's last part; left out, O(stack_name).
    type: str
  terraform_version:
    description: The Terraform version that reads the backend settings; it decides how the state is locked.
    type: str
    default: "1.11"
  both_locks:
    description: Whether the lock file and the lock table are used together.
    type: bool
    default: false
  lock:
    description: Whether a run that changes anything holds the environment's lock, and leaves a record beside it.
    type: bool
    default: true
  lock_bucket:
    description: The bucket that holds the lock; left out, the state bucket.
    type: str
  lock_operation:
    description: What the lock is taken for, in the words that others read; left out, C(change) or C(destroy).
    type: str
  lock_run:
    description: Where this run can be looked up, such as an AWX job.
    type: str
    default: ""
  lock_lease_seconds:
    description: How long the lock holds without being renewed. Longer than any single call to AWS takes.
    type: int
    default: 120
  lock_id:
    description: The lock that O(verb=unlock) frees, once its run is known to be dead; a lock with another id stays.
    type: str
  lock_wait_seconds:
    description: How long another run that holds the lock is waited for.
    type: int
    default: 180
  retry_seconds:
    description:
      - How long a run may send again, all in all, what AWS refused for its rate, failed at or did not answer.
      - What is sent again side by side counts once; waits for what AWS makes do not count.
    type: int
    default: 1200
  poll_seconds:
    description: Seconds between two looks at what is waited for, in the place of each wait's own.
    type: float
  run_folder:
    description: Where the workers of one run share reads and keep to the account's rates; the action plugin names it.
    type: path
  progress_seconds:
    description: Seconds between two lines that say what is waited for.
    type: float
    default: 15
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: The plan is exactly what a run makes.
  diff_mode:
    support: full
    description: One difference for each component.
author:
  - Streambed contributors (@streambed)
"""

EXAMPLES = r"""
- name: Keep a stream and the bucket for its state as declared
  environment_run:
    stack_name: sensors
    environment_suffix: dev
    account_id: "123456789012"
    components:
      kinesis: {shard_count: 2, retention_hours: 48}
      state_bucket: {}

- name: Keep two streams, sensors-dev-telemetry and sensors-dev-alerts
  environment_run:
    stack_name: sensors
    environment_suffix: dev
    components:
      kinesis:
        retention_hours: 48
        streams:
          telemetry: {stream_mode: ON_DEMAND}
          alerts: {retention_hours: 168}
"""

RETURN = r"""
components:
  description: >-
    By role, or C(kinesis.<name>) where there are several, what that component's module returns - C(changed), C(calls),
    C(resource), C(waiting_for), C(calls_left), C(scheduled), C(foreign), C(diff).
  returned: success
  type: dict
digest:
  description: Fingerprint of the plan, the same on every machine.
  returned: success
  type: str
plan:
  description: The plan as C(plan.json) holds it, by C(docs/plan.schema.json).
  returned: success
  type: dict
headline:
  description: The outcome in one or two words.
  returned: always
  type: str
outputs:
  description: What C(outputs.json) holds.
  returned: when they were written
  type: dict
drift:
  description: What C(drift.json) holds.
  returned: when O(verb=drift)
  type: dict
history:
  description: >-
    What C(history.json) holds, a record of each run in their order - C(verb), C(result), C(began), C(ended),
    C(seconds), C(who), C(machine), C(run), C(change_reference), C(revision), C(digest), C(planned), C(calls),
    C(left_off), C(error), C(lock_id).
  returned: when O(verb=history)
  type: list
  elements: dict
checks:
  description: The account's checks with C(what), C(found), C(wanted), C(verdict), C(next_step).
  returned: when O(verb=preflight), O(verb=rehearse) or O(verb=verify)
  type: list
  elements: dict
policies:
  description: IAM policy documents by name, such as C(apply-1); a verb has as many as their largest size takes.
  returned: when O(verb=permissions)
  type: dict
report:
  description:
    - What a page about the environment shows, as C(playbooks/report.yml) writes it - a picture of each component with
      the plan on it, who may reach whom, the plan, checks, costs and outputs.
  returned: when O(verb=report)
  type: dict
lines:
  description: What was said on the way.
  returned: always
  type: list
  elements: str
aws_calls:
  description: Calls made, as C(reads) and C(writes); empty where a run ended before it could make any.
  returned: always
  type: dict
"""

from collections.abc import Callable

from ansible.module_utils.environment.components import COMPONENTS, gathered
from ansible.module_utils.environment.entry import OPTIONS, run
from ansible.module_utils.environment.request import spelled
from ansible.module_utils.environment.waiting import Picture

__all__ = ["COMPONENTS", "OPTIONS", "gathered", "spelled"]


def main(say: Callable[[str], None] | None = None, show: Callable[[Picture], None] | None = None) -> None:
    """Runs the module; ``say(line)`` hears what it does while it does it, ``show(picture)`` sees what it waits for."""
    run(OPTIONS, say, show)


if __name__ == "__main__":
    main()
