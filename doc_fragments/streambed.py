# SPDX-License-Identifier: Apache-2.0
"""Documentation of the options that every Streambed module takes."""


class ModuleDocFragment:
    """``extends_documentation_fragment: streambed``."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    support: full
    description: Returns the calls that a run would make, and makes none.
  diff_mode:
    support: full
    description: Shows the options that differ, before and after.
options:
  state:
    description: Whether the resource is there.
    type: str
    choices: [present, absent]
    default: present
  stack_name:
    description: Name of the stack; with O(environment_suffix) it gives every name and the ownership tags.
    type: str
    required: true
  environment_suffix:
    description: Name of the environment, the last part of every name.
    type: str
    required: true
  tags:
    description: Tags beside the ownership tags. Left out, only the ownership tags are kept in order.
    type: dict
  purge_tags:
    description: Whether tags that are not declared are removed. Tags of AWS's own are never touched.
    type: bool
    default: true
  wait:
    description:
      - Whether to wait for what AWS takes its time for.
      - Without it the module starts the work and returns what is still in the making as RV(ignore:waiting_for).
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait for one thing at the most. A later run continues the wait.
    type: int
    default: 3600
  poll_seconds:
    description:
      - Seconds between two looks while waiting; left out, each wait has its own.
      - E(STREAMBED_POLL_SECONDS) is used when the option is not given.
    type: float
"""
