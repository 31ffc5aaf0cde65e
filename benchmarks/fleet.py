# SPDX-License-Identifier: Apache-2.0
"""What a fleet of environments costs that are all in order, in one ansible-playbook, against as many Terraform plans.

    .venv/bin/python -m benchmarks.fleet [--sizes 10,20,100] [--rounds N]

The environments are rows of an inventory, as in inventories/fleet; the cloud refuses what comes faster than EC2 and
Kinesis document. One Terraform plan is measured in each round, and counts as many times as there are environments.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from pathlib import Path

import yaml
from ansible import module_utils

from benchmarks.bench import ROOT, Bench, Cost, Failed, Way, cloud, playbook, say, spread, table, terraform
from localcloud import process
from localcloud.settings import DEFAULT_QUOTAS

FORKS = "10"
LOCAL = ROOT / "inventories" / "local" / "group_vars" / "all"
# As many of each as the largest fleet has; AWS raises these on request.
ROOM = {name: max(1000, quota) for name, quota in DEFAULT_QUOTAS.items() if name.endswith(("_per_region", "_per_zone"))}


def environments(size: int) -> dict[str, dict[str, str]]:
    """So many rows of an inventory: environments that differ in names and addresses alone."""
    return {f"plant-{number:03}": {"environment_suffix": f"plant-{number:03}", "vpc_cidr_block": f"10.{number}.0.0/16"}
            for number in range(1, size + 1)}  # fmt: skip


def inventory(folder: Path, size: int) -> str:
    """An inventory of so many environments that are as inventories/local in all but their rows."""
    place = folder / f"fleet-{size}"
    (place / "group_vars").mkdir(parents=True)
    hosts = {"all": {"hosts": environments(size), "vars": {"ansible_connection": "local"}}}
    (place / "hosts.yml").write_text(yaml.safe_dump(hosts), encoding="utf-8")
    (place / "group_vars" / "all").symlink_to(LOCAL)
    return str(place)


def lay(folder: Path, size: int) -> None:
    """Puts so many environments into the cloud of a folder; laid within this process, at a fifth of the time."""
    from localcloud.inside import Inside
    from tests.support.environments import conducted
    from tests.support.environments import inventory as declared_in

    shared = declared_in("local")
    with Inside(quotas=ROOM) as inside:
        for number, row in enumerate(environments(size).values(), 1):
            conducted(inside, {**shared, **row})
            say(f"laid {number} of {size}") if number % 10 == 0 else None
        inside.save(folder / "fleet.state")
    process.load(folder, folder / "fleet.state")


def fleet(folder: Path, size: int) -> Way:
    """The run of so many environments."""
    artifacts = f"environment_artifacts_folder={folder}/outputs/{{{{ environment_suffix }}}}"
    return playbook(f"{size} environments", "playbooks/site.yml", "--forks", FORKS, "-e", artifacts,
                    inventory=inventory(folder, size))  # fmt: skip


def measure(bench: Bench, sizes: list[int], rounds: int) -> tuple[dict[int, list[Cost]], list[Cost]]:
    """The costs of a fleet of each size, and of one Terraform plan, round by round."""
    fleets = {size: fleet(bench.folder, size) for size in sizes}
    bench.configure(quotas=ROOM)
    say(f"laying {max(sizes)} environments")
    lay(bench.folder, max(sizes))
    bench.configure(rates=True)
    # Writes the outputs of each, and must find everything else in order.
    bench.run(fleets[max(sizes)], converged=False)
    twin = terraform(bench)
    if twin:
        say("laying Terraform's twin")
        bench.run(twin[0], converged=False)
    costs: dict[int, list[Cost]] = {size: [] for size in sizes}
    plans: list[Cost] = []
    for number in range(rounds):
        for size, way in fleets.items():
            costs[size].append(bench.run(way))
        plans += [bench.run(twin[1])] if twin else []
        say(f"round {number + 1} of {rounds}: " + ", ".join(f"{each[-1].cpu:.1f} s" for each in costs.values()))
    return costs, plans


def rows(costs: dict[int, list[Cost]], plans: list[Cost]) -> list[tuple[str, ...]]:
    """CPU seconds and calls by environment, how they grow with the fleet, and the part of Terraform's CPU."""
    found = [("environments", "CPU s each", "of the smallest fleet's", "AWS calls each", "of Terraform's plans: CPU")]
    smallest = costs[min(costs)]
    for size, runs in costs.items():
        each = [cost.cpu / size for cost in runs]
        growth = [one / (first.cpu / min(costs)) for one, first in zip(each, smallest, strict=True)]
        part = spread([one / plan.cpu for one, plan in zip(each, plans, strict=True)]) if plans else "not installed"
        found.append((str(size), spread(each), spread(growth), f"{runs[-1].calls / size:.1f}", part))
    return found


def main() -> int:
    """0, or 1 when a run failed."""
    parser = argparse.ArgumentParser(description="Measure fleets in order, as ratios within one run.")
    parser.add_argument("--sizes", type=lambda text: [int(each) for each in text.split(",")], default=[10, 20, 100])
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with cloud() as folder:
            print(table(rows(*measure(Bench(folder), options.sizes, options.rounds))))
    except (Failed, subprocess.CalledProcessError) as failure:
        say(str(failure))
        return 1
    return 0


if __name__ == "__main__":
    module_utils.__path__.append(str(ROOT / "module_utils"))
    sys.exit(main())
