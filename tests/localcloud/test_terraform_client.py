# SPDX-License-Identifier: Apache-2.0
"""Terraform as a client that nobody here wrote: apply, empty plan, change, empty plan, destroy.

STREAMBED_TERRAFORM_MIRROR names a folder with the AWS provider, unpacked, as a filesystem mirror has it; without it, or
without Terraform on the PATH, there is nothing to run. STREAMBED_TERRAFORM_CONFIGURATIONS says how many of the
configurations beside this file are run, `all` or a number; each commit runs two. They are modules of one stack, as
Terraform takes longer to begin than to lay one of them; a failure names the module.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from localcloud.process import REGION, Cloud

TERRAFORM = shutil.which("terraform")
MIRROR = os.environ.get("STREAMBED_TERRAFORM_MIRROR", "")
MOST = os.environ.get("STREAMBED_TERRAFORM_CONFIGURATIONS", "2")
#: Short ones first: they are what each commit runs.
EVERY = sorted(Path(__file__).with_name("terraform").glob("*.tf"), key=lambda path: (path.stat().st_size, path.name))
CONFIGURATIONS = EVERY if MOST == "all" else EVERY[: int(MOST)]
PROVIDER = {
    "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
    "provider": {"aws": {"region": REGION, "s3_use_path_style": True, "max_retries": 3}},
}
_REATTACH = re.compile(r"TF_REATTACH_PROVIDERS='(\{.*\})'")
#: A slow machine takes half a minute for one command.
SECONDS = 600

pytestmark = [
    pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed"),
    pytest.mark.skipif(not MIRROR, reason="STREAMBED_TERRAFORM_MIRROR does not name the folder of the AWS provider"),
]


class Client:
    """Terraform in a folder of its own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        (folder / "provider.tf.json").write_text(json.dumps(PROVIDER))

    def holds(self, configurations: list[Path]) -> None:
        """The stack has these modules."""
        modules = {path.stem: {"source": f"./{path.stem}", "changed": "${var.changed}"} for path in configurations}
        stack = {"variable": {"changed": {"type": "bool"}}, "module": modules}
        (self.folder / "main.tf.json").write_text(json.dumps(stack))
        for path in configurations:
            (self.folder / path.stem).mkdir()
            shutil.copy(path, self.folder / path.stem / "main.tf")

    def run(self, *arguments: str) -> tuple[int, str]:
        assert TERRAFORM is not None
        command = [TERRAFORM, *arguments, "-no-color"]
        done = subprocess.run(command, cwd=self.folder, env=self.environment, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=SECONDS, check=False)  # fmt: skip
        return done.returncode, done.stdout

    def does(self, *arguments: str) -> None:
        code, output = self.run(*arguments)
        assert code == 0, output


@contextmanager
def provider(cloud: Cloud) -> Iterator[dict[str, str]]:
    """The variables with which Terraform uses one provider that runs: to start it takes longer than most commands."""
    (binary,) = Path(MIRROR).glob("**/hashicorp/aws/*/*/terraform-provider-aws_*")
    # What the shell around says of AWS is about another one.
    around = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment = {**around, **cloud.environment(), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1",
                   "TF_CLI_CONFIG_FILE": os.devnull}  # fmt: skip
    with subprocess.Popen([binary, "-debug"], env=environment, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            found = next(filter(None, map(_REATTACH.search, process.stdout)))
            yield {**environment, "TF_REATTACH_PROVIDERS": found.group(1)}
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def attached(server: Cloud) -> Iterator[dict[str, str]]:
    """The variables with which Terraform uses the provider of this session."""
    with provider(server) as environment:
        yield environment


@pytest.fixture
def client(attached: dict[str, str], tmp_path: Path, cloud: Cloud) -> Client:
    """Terraform, pointed to an empty cloud in which objects take a moment."""
    cloud.configure(settle_polls=1, quotas={"vpcs_per_region": 10})
    return Client(tmp_path, attached)


def test_configurations_are_applied_changed_and_destroyed(client: Client) -> None:
    client.holds(CONFIGURATIONS)
    client.does("init", "-input=false")
    for changed in ("false", "true"):
        stage = ("-input=false", f"-var=changed={changed}")
        client.does("apply", "-auto-approve", *stage)
        # 2 stands for a plan that is not empty.
        code, plan = client.run("plan", "-detailed-exitcode", *stage)
        assert code == 0, plan
    client.does("destroy", "-auto-approve", "-input=false", "-var=changed=true")
