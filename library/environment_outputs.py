#!/usr/bin/python
# Copyright: Streambed contributors
# Apache-2.0
"""What other stacks need of an environment, out of the results of the component modules.  Asks AWS nothing."""

DOCUMENTATION = r"""
module: environment_outputs
short_description: Gather ids, endpoints, ARNs and backend settings of an environment
description:
  - Turns the resources that the component modules return into one document, and the state bucket among them into the
    settings of Terraform's S3 backend for the stated Terraform version.
options:
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
  expected_region:
    description: The region that the environment lives in.
    type: str
    required: true
  resources:
    description: Component name to the RV(ignore:resource) that its module returned.
    type: dict
    required: true
  pending:
    description: Components that are not as declared yet.
    type: list
    elements: str
    default: []
  terraform_stack:
    description: Name of the stack that keeps its state in the bucket, the key's last part.
    type: str
    required: true
  terraform_version:
    description: The Terraform version that reads the settings; it decides how the state is locked.
    type: str
    default: "1.11"
  both_locks:
    description: Whether the lock file and the lock table are used together.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Changes nothing.
author:
  - Streambed contributors (@streambed)
"""

EXAMPLES = r"""
- name: Gather the outputs
  environment_outputs:
    stack_name: sensors
    environment_suffix: dev
    account_id: "123456789012"
    expected_region: eu-west-1
    resources:
      state_bucket: "{{ state_bucket_result.resource }}"
    terraform_stack: sensors
"""

RETURN = r"""
outputs:
  description: The document that C(outputs.json) holds.
  returned: success
  type: dict
backend_hcl:
  description: Text for C(terraform init -backend-config).
  returned: success
  type: str
backend_json:
  description: The same as a C(*.tf.json) document, which CDKTF takes as an override.
  returned: success
  type: dict
"""

from ansible.module_utils import backend_settings as backend
from ansible.module_utils.reconcile.engine import inquire
from ansible.module_utils.reconcile.errors import Refusal, Refused
from ansible.module_utils.reconcile.identity import identity_of

OPTIONS = {
    "stack_name": {"required": True},
    "environment_suffix": {"required": True},
    "account_id": {"required": True},
    "expected_region": {"required": True},
    "resources": {"type": "dict", "required": True},
    "pending": {"type": "list", "elements": "str", "default": []},
    "terraform_stack": {"required": True},
    "terraform_version": {"default": "1.11"},
    "both_locks": {"type": "bool", "default": False},
}


def gather(_aws, options):
    """The module's result.  Raises Refused when a component is not there."""
    name, resources = identity_of(options).name, options["resources"]
    missing = sorted(component for component, resource in resources.items() if not resource)
    if missing:
        raise Refused([Refusal("environment", name, component, None, "the component laid", "run playbooks/site.yml")
                       for component in missing])  # fmt: skip
    bucket = resources["state_bucket"]
    settings = backend.backend_settings(
        bucket["name"],
        options["expected_region"],
        backend.state_key(options["environment_suffix"], options["terraform_stack"]),
        bucket.get("kms_key_id"),
        options["terraform_version"],
        (bucket.get("lock_table") or {}).get("name"),
        options["both_locks"],
    )
    outputs = {key: options[key] for key in ("stack_name", "environment_suffix", "account_id", "pending")}
    outputs |= {"region": options["expected_region"], **resources, "backend": settings}
    note = backend.lock_note(settings, options["terraform_version"])
    return {
        "outputs": outputs,
        "backend_hcl": backend.hcl(settings, note),
        "backend_json": backend.json_twin(settings),
    }


def main():
    inquire(OPTIONS, gather)


if __name__ == "__main__":
    main()
