# SPDX-License-Identifier: Apache-2.0
"""Makes an environment of what Terraform or CDKTF built: its inventory, the proof that only tags change, and the tags.

    python -m tools.adopt NAME s3://bucket/dev/stack.tfstate|FILE [--stack STACK] [--lock-table TABLE]
    python -m tools.adopt NAME --names vpc=vpc-... redis=... kinesis=... state_bucket=... --stack STACK

It writes inventories/NAME unless that is there, says what it cannot express, and runs playbooks/adopt.yml. With
``CONFIRM=NAME`` the ownership tags are written, and the commands that make Terraform forget are shown.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.exceptions import BotoCoreError, ClientError
from jinja2.nativetypes import NativeEnvironment

from tools.environment import INVENTORIES, NAME, ROOT, read
from tools.terraform_names import document_of
from tools.terraform_network import network
from tools.terraform_state import Found, State
from tools.terraform_state import read as read_state

ROLES = ("vpc", "redis", "kinesis", "state_bucket")
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
S3 = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<key>.+)\Z")
ARN = re.compile(r"arn:aws[\w-]*:\w+:(?P<region>[\w-]+):(?P<account>\d{12}):")
HOSTS = """---
# Taken over from {source}.
all:
  hosts:
    {name}:
      ansible_connection: local
      ansible_python_interpreter: "{{{{ ansible_playbook_python }}}}"
"""
HEAD = """---
# yaml-language-server: $schema=../../../../docs/variables.schema.json
# What is there, as it was found; what is null stays as it is. Tags of others stay.
"""


@dataclass(frozen=True)
class Source:
    """Where a state lies: in S3, or in a file."""

    text: str

    @property
    def place(self) -> dict[str, str]:
        found = S3.match(self.text)
        return {"Bucket": found["bucket"], "Key": found["key"]} if found else {}

    @property
    def stack(self) -> str:
        """What the state's name says of the stack."""
        words = Path(self.text).name.removesuffix(".tfstate").removesuffix(".json").removeprefix("terraform.")
        return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")

    def load(self) -> Any:
        """The state.  Raises OSError, ClientError or ValueError where there is none."""
        if self.place:
            return json.loads(boto3.client("s3").get_object(**self.place)["Body"].read())
        return json.loads(Path(self.text).read_text(encoding="utf-8"))


def holder(source: Source, table: str) -> str:
    """Who holds the lock of a state, in Terraform's own words, or an empty text.

    Source: Terraform's S3 backend, client.go: ``<key>.tflock`` and the item ``<bucket>/<key>``; a local state's
    ``.<name>.lock.info``.
    """
    if not source.place:
        path = Path(source.text)
        lock = path.with_name(f".{path.name}.lock.info")
        return lock.read_text(encoding="utf-8") if lock.exists() else ""
    try:
        key = f"{source.place['Key']}.tflock"
        return str(boto3.client("s3").get_object(Bucket=source.place["Bucket"], Key=key)["Body"].read().decode())
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
    if not table:
        return ""
    item = {"LockID": {"S": f"{source.place['Bucket']}/{source.place['Key']}"}}
    found = boto3.client("dynamodb").get_item(TableName=table, Key=item, ConsistentRead=True).get("Item") or {}
    return str(found.get("Info", {}).get("S", ""))


def locked(source: Source, table: str) -> str:
    """The sentence about a held lock, or an empty text."""
    text = holder(source, table)
    if not text:
        return ""
    try:
        info = json.loads(text)
    except ValueError:
        info = {}
    told = f"{info.get('Who', 'somebody')} since {info.get('Created', 'some time')} for {info.get('Operation', '?')}"
    step = f"wait for that run; of one that has died, terraform force-unlock {info.get('ID', '<id>')}"
    return f"STATE: found it locked by {told}, wanted a free lock. Next: {step}"


def lock_table_of(document: Any) -> str:
    """The name of a lock table that the state itself holds."""
    tables = [instance["attributes"] for each in document.get("resources") or () if each["type"] == "aws_dynamodb_table"
              for instance in each["instances"]]  # fmt: skip
    return next((str(each["name"]) for each in tables if each.get("hash_key") == "LockID"), "")


def where(document: Any) -> dict[str, str]:
    """Account and region, as the ARNs of a state tell them."""
    for each in document.get("resources") or ():
        for instance in each.get("instances") or ():
            found = ARN.match(str((instance.get("attributes") or {}).get("arn", "")))
            if found and each.get("mode") == "managed":
                return {"account_id": found["account"], "region": found["region"]}
    return {}


def here() -> dict[str, str]:
    """Account and region of the credentials at hand, for a state of which no ARN tells them: buckets have none."""
    sts = boto3.client("sts")
    return {"account_id": str(sts.get_caller_identity()["Account"]), "region": str(sts.meta.region_name)}


def differing(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables that are other than the roles' defaults, of which some follow from others."""
    defaults: dict[str, Any] = {}
    for role in ROLES:
        defaults |= read(ROOT / "roles" / role / "defaults" / "main.yml")
    whole = {**defaults, **variables}
    engine = NativeEnvironment()

    def resolved(value: Any) -> Any:
        if isinstance(value, str) and "{{" in value:
            known = {key: resolved(whole[key]) for key in whole if key in value and whole[key] != value}
            return engine.from_string(value).render(known)
        if isinstance(value, Mapping):
            return {key: resolved(each) for key, each in value.items()}
        return value

    return {name: value for name, value in variables.items() if value != resolved(defaults[name])}


def lock_of(name: str, stack: str, source: Source, found: Found) -> dict[str, Any]:
    """The variables with which our runs hold the very lock of that state, where its key is one of ours."""
    bucket, key = source.place.get("Bucket"), source.place.get("Key", "")
    folder, _unused, file = key.rpartition("/")
    if folder != name or not file.endswith(".tfstate"):
        return {}
    kept = "state_bucket" in found.components and found.variables["state_bucket_name"] == bucket
    own = file.removesuffix(".tfstate")
    return ({} if kept else {"environment_lock_bucket": bucket}) | (
        {} if own == stack else {"environment_terraform_stack": own})  # fmt: skip


def text_of(name: str, stack: str, place: Mapping[str, Any], found: Found) -> str:
    """The environment's file; ``place`` is where it lives, and its lock."""
    identity = {"stack_name": stack, "environment_suffix": name, **place,
                "environment_variables": {"AWS_REGION": "{{ region }}"}}  # fmt: skip
    parts = [role for role in ROLES if role in found.components]
    chosen = {} if len(parts) == len(ROLES) else {"environment_components": parts}
    body = {**identity, **chosen, **differing(found.variables)}
    return HEAD + yaml.safe_dump(body, sort_keys=False, width=88, default_flow_style=None)


def write(folder: Path, name: str, source: str, text: str) -> None:
    """The new inventory, next to the others."""
    (folder / "group_vars" / "all").mkdir(parents=True)
    (folder / "hosts.yml").write_text(HOSTS.format(name=name, source=source), encoding="utf-8")
    (folder / "group_vars" / "all" / "environment.yml").write_text(text, encoding="utf-8")


def forgetting(addresses: Sequence[str]) -> Iterator[str]:
    """What makes the old stack forget: commands, and the blocks that say the same in its code.

    Source: Terraform, "Remove a resource from state": a block names no instance.
    """
    yield "# terraform state rm, in the folder of the old stack, once nobody runs it any more:"
    for each in addresses:
        yield "terraform state rm " + "'" + each + "'"
    yield "# or, from Terraform 1.7 on, in the place of the resources' own blocks:"
    for each in dict.fromkeys(re.sub(r"\[[^\]]*\]", "", each) for each in addresses):
        yield f"removed {{\n  from = {each}\n  lifecycle {{\n    destroy = false\n  }}\n}}"


def refusal(name: str, given: argparse.Namespace) -> str:
    """What is wrong with the arguments, or an empty text."""
    if not NAME.match(name):
        return f"ENV: found {name or 'nothing'}, wanted small letters, digits and hyphens. Next: ENV=dev"
    confirm = os.environ.get("CONFIRM", "")
    if confirm and confirm != name:
        return f"CONFIRM: found {confirm}, wanted {name}. Next: CONFIRM={name}, once the plan is what you want"
    if not given.state and not given.names:
        return (
            "STATE: found nothing, wanted s3://bucket/key or a file. Next: STATE=s3://<bucket>/<suffix>/<stack>.tfstate"
        )
    strange = next((each for each in given.names if "=" not in each), "")
    if strange:
        return f'NAMES: found {strange}, wanted a role and a name. Next: NAMES="kinesis={strange}"'
    if given.names and not given.stack:
        return "STACK: found nothing, wanted the first part of every name. Next: STACK=sensors"
    return ""


def play(name: str, **variables: str) -> int:
    """Exit code of playbooks/adopt.yml."""
    command = [str(PLAYBOOK), "-i", str(INVENTORIES / name), str(ROOT / "playbooks" / "adopt.yml"),
               *(["-e", json.dumps(variables)] if variables else [])]  # fmt: skip
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def prepared(name: str, given: argparse.Namespace, source: Source) -> Found:
    """What the state says, with the inventory written.  Raises ValueError, in a sentence, where nothing can be said."""
    document = document_of(dict(each.split("=", 1) for each in given.names)) if given.names else source.load()
    State(document)
    table = given.lock_table or lock_table_of(document)
    held = "" if given.names else locked(source, table)
    if held:
        raise ValueError(held)
    found, folder = read_state(document, network, source.place.get("Bucket", "")), INVENTORIES / name
    if not found.components:
        wanted = "a VPC, a replication group, a stream or a state bucket"
        raise ValueError(f"STATE: found nothing that a component keeps, wanted {wanted}. Next: name another state")
    for line in found.unsaid:
        print(f"not said: {line}")
    if folder.exists():
        print(f"inventories/{name} is there and is used as it is")
        return found
    stack = given.stack or source.stack
    place = {**(where(document) or here()), **lock_of(name, stack, source, found)}
    write(folder, name, source.text or "what is there", text_of(name, stack, place, found))
    print(f"inventories/{name} is written")
    return found


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("state", nargs="?", default="")
    parser.add_argument("--stack", default="", help="first part of every name; without it the state's name says it")
    parser.add_argument("--lock-table", default="", help="DynamoDB table in which that Terraform locks")
    parser.add_argument("--names", nargs="*", default=[], help="vpc=, redis=, kinesis=, state_bucket=")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    """0; 1 when something is not as it has to be, with one sentence; or what the playbook says."""
    given = arguments(words)
    wrong, source = refusal(given.name, given), Source(given.state)
    try:
        if wrong:
            raise ValueError(wrong)
        found = prepared(given.name, given, source)
        code = play(given.name)
        if code or not os.environ.get("CONFIRM"):
            if not code:
                print(f"Nothing was changed. Next: CONFIRM={given.name} writes the tags of this plan")
            return code
        held = "" if given.names else locked(source, given.lock_table or lock_table_of(source.load()))
        if held:
            raise ValueError(held)
    except (ValueError, OSError, ClientError, BotoCoreError) as error:
        print(
            error if str(error).startswith(("STATE", "ENV", "CONFIRM", "STACK", "NAMES")) else f"STATE: {error}",
            file=sys.stderr,
        )
        return 1
    code = play(given.name, confirm=given.name)
    if code == 0 and found.adopted and not given.names:
        print("\n".join(forgetting(found.adopted)))
    return code


if __name__ == "__main__":
    sys.exit(main())
