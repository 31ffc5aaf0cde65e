#!/usr/bin/python
# Copyright: Streambed contributors
# Apache-2.0
"""Documentation of the action plugin ``settle``, which does the work in the controller."""

DOCUMENTATION = r"""
module: settle
short_description: Wait for everything that is still in the making, together
description:
  - Takes the results of modules that ran with C(wait=false) and carries each declaration on to its end, side by side.
  - One line per tick says what AWS is doing.
  - What has already settled costs nothing.
options:
  results:
    description: Results of Streambed modules. Those without C(settling) are passed over.
    type: list
    elements: dict
    required: true
  progress_seconds:
    description: Seconds between two lines of progress.
    type: float
    default: 15
attributes:
  check_mode:
    support: full
    description: Does nothing; a plan never waits.
author:
  - Streambed contributors (@streambed)
"""

EXAMPLES = r"""
- name: Wait for the network and the stream together
  settle:
    results: ["{{ vpc_result }}", "{{ kinesis_result }}"]
"""

RETURN = r"""
settled:
  description: Results of the modules that were carried on, by module name.
  returned: success
  type: dict
"""
