"""Makes the import names of run time work in pytest, and offers the embedded cloud."""

from pathlib import Path

from ansible import module_utils

ROOT = Path(__file__).resolve().parent.parent

# At run time Ansible resolves ansible.module_utils.* to module_utils/ as well; so one import form serves everywhere.
module_utils.__path__.append(str(ROOT / "module_utils"))
