# SPDX-License-Identifier: Apache-2.0
"""Lays an environment; on a terminal it shows the plan first and asks.

``APPROVE=yes`` answers for the person, ``APPROVE=<digest>`` approves the plan that was shown before. Without a terminal
nobody is asked, and what the environment's own ``environment_allowed_changes`` hold back is refused.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
# The embedded cloud is there to be tried.
ASKS_NEVER = "local"
DIGEST = re.compile(r"[0-9a-f]{16}\Z")


def play(environment: str, playbook: str, words: list[str], **variables: object) -> int:
    """Exit code of one playbook."""
    extra = ["-e", json.dumps(variables)] if variables else []
    command = [str(PLAYBOOK), "-i", f"inventories/{environment}", f"playbooks/{playbook}.yml", *extra, *words]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def planned(since: float) -> dict[str, dict[str, object]]:
    """The plans written since then, by environment suffix."""
    files = [file for file in ROOT.glob("artifacts/*/plan.json") if file.stat().st_mtime >= since]
    plans = [json.loads(file.read_text()) for file in files]
    return {plan["environment_suffix"]: plan for plan in plans}


def main() -> int:
    """The exit code of the last playbook; 1 when the person says no."""
    environment, *words = sys.argv[1:]
    approve = os.environ.get("APPROVE", "").strip()
    if DIGEST.match(approve):
        return play(environment, "site", words, approved_plan=approve)
    asks = environment != ASKS_NEVER and sys.stdin.isatty() and sys.stdout.isatty()
    if approve not in ("", "yes"):
        print(f"APPROVE: found {approve}, wanted yes or the digest that `make plan ENV={environment}` shows")
        return 2
    if not asks and not approve:
        return play(environment, "site", words)
    since = time.time() - 1
    code = play(environment, "plan", words)
    if code:
        return code
    plans = {suffix: plan for suffix, plan in planned(since).items() if plan["calls"]}
    if plans and not approve and input("Make this plan? Only yes will do: ").strip() != "yes":
        print("Nothing was changed.")
        return 1
    return play(environment, "site", words, approved_plan={suffix: plan["digest"] for suffix, plan in plans.items()})


if __name__ == "__main__":
    sys.exit(main())
