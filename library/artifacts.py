#!/usr/bin/python
# Copyright: Streambed contributors
# Apache-2.0
"""Files that a run leaves for people and other stacks, written inside the controller.  Asks AWS nothing."""

DOCUMENTATION = r"""
module: artifacts
short_description: Write the files that a run leaves behind
description:
  - Writes text files into one folder, each only when its content differs. Files are not what an environment is made of,
    so writing one is no change.
  - C(ansible.builtin.copy) would do the same in several Python processes a file, half of the time of a run that has
    nothing to do.
options:
  folder:
    description: Where the files are written; made when it is not there.
    type: path
    required: true
  files:
    description: Name of each file to its text.
    type: dict
    required: true
attributes:
  check_mode:
    support: full
    description: Writes in check mode too, for a plan is written down as well.
author:
  - Streambed contributors (@streambed)
"""

EXAMPLES = r"""
- name: Write the plan down
  artifacts:
    folder: artifacts/dev
    files:
      plan.json: "{{ plan | to_nice_json }}"
"""

RETURN = r"""
written:
  description: Names of the files whose content differed.
  returned: success
  type: list
  elements: str
"""

from pathlib import Path

from ansible.module_utils.reconcile.engine import inquire
from ansible.module_utils.reconcile.errors import Failure

OPTIONS = {"folder": {"type": "path", "required": True}, "files": {"type": "dict", "required": True}}


def write(_aws, options):
    """The module's result.  Raises Failure when the folder cannot be written to."""
    folder = Path(options["folder"])
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in options["files"].items():
            file = folder / name
            if not file.exists() or file.read_text() != text:
                file.write_text(text)
                written.append(name)
    except OSError as error:
        raise Failure(
            f"artifacts {folder}: {error.strerror}. Next: make the folder writable, or name another"
        ) from None
    return {"written": written}


def main():
    inquire(OPTIONS, write)


if __name__ == "__main__":
    main()
