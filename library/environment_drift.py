#!/usr/bin/python
# Copyright: Streambed contributors
# Apache-2.0
"""How far an environment is from its declaration.  Asks AWS nothing: the plans have."""

DOCUMENTATION = r"""
module: environment_drift
short_description: Say how far an environment is from its declaration
description:
  - Turns the plans of an environment into a list of objects and attributes that are not as declared.
  - What belongs to other people is listed apart and is no drift.
  - Never fails because of drift; the role C(drift) does.
options:
  environment_name:
    description: Name of the environment in what is returned.
    type: str
    required: true
  plans:
    description: Results of the modules in check mode, by component.
    type: dict
    required: true
attributes:
  check_mode:
    support: full
    description: Reads only.
author:
  - Streambed contributors (@streambed)
"""

EXAMPLES = r"""
- name: Compare the environment with its declaration
  environment_drift:
    environment_name: sensors-dev
    plans:
      kinesis: "{{ kinesis_result }}"
"""

RETURN = r"""
drift:
  description: >-
    C(environment), C(drifted), C(calls), C(differences) (a list of component, object, attribute, found and declared),
    C(repairs) (a list of component, object, change and why) and C(foreign) (a list of component, what, id, where and
    found).
  returned: success
  type: dict
lines:
  description: The same for people.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils import drift
from ansible.module_utils.reconcile.engine import inquire

OPTIONS = {"environment_name": {"required": True}, "plans": {"type": "dict", "required": True}}


def look(_aws, options):
    """The module's result."""
    document = drift.document(options["environment_name"], options["plans"])
    return {"drift": document, "lines": drift.lines(document)}


def main():
    inquire(OPTIONS, look)


if __name__ == "__main__":
    main()
