"""What the repository promises about itself: documentation, roles, inventories, imports, sizes."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.reconcile.engine import COMMON_OPTIONS

from tests.support.components import MODULES, ROOT, component, library

OTHERS = ("artifacts", "environment_drift", "environment_lock", "environment_outputs", "environment_preflight")
ROLES = {
    "vpc": "ec2_vpc_network",
    "redis": "elasticache_replication_group",
    "kinesis": "kinesis_data_stream",
    "state_bucket": "s3_state_bucket",
}
ALL_ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())
INVENTORIES = sorted(path.name for path in (ROOT / "inventories").iterdir())
# File -> the files of the core below it.  The page docs/architecture.md shows the same order.
LAYERS = ("errors", "plan", "identity", "fields", "tags", "answers", "credentials", "aws", "lock", "lease", "component",
          "walk", "engine")  # fmt: skip
LONGEST_FUNCTION, LONGEST_FILE = 40, 500


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def shared_documentation() -> dict[str, Any]:
    path = ROOT / "doc_fragments" / "streambed.py"
    spec = importlib.util.spec_from_file_location("fragment", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return yaml.safe_load(module.ModuleDocFragment.DOCUMENTATION)["options"]


def compare_options(documented: dict[str, Any], specified: dict[str, Any], where: str) -> None:
    """Names, types, defaults, choices and element types are the same on both sides, at every depth."""
    assert documented.keys() == specified.keys(), where
    for name, spec in specified.items():
        doc = documented[name]
        for key, default in (("type", "str"), ("default", None), ("choices", None), ("elements", None),
                             ("required", False)):  # fmt: skip
            assert doc.get(key, default) == spec.get(key, default), f"{where}: {name}: {key}"
        assert doc["description"], f"{where}: {name}"
        if "options" in spec or "suboptions" in doc:
            compare_options(doc.get("suboptions", {}), spec.get("options", {}), f"{where}: {name}")


@pytest.mark.parametrize("module", MODULES)
def test_a_modules_documentation_is_its_argument_spec(module: str) -> None:
    documentation = yaml.safe_load(library(module).DOCUMENTATION)
    assert documentation["module"] == module
    assert "streambed" in documentation["extends_documentation_fragment"]
    compare_options(documentation["options"], dict(component(module).options), module)
    assert yaml.safe_load(library(module).EXAMPLES)
    returned = {"calls", "foreign", "resource", "settling", "scheduled", "waiting_for", "aws_calls"}
    assert returned <= yaml.safe_load(library(module).RETURN).keys()


@pytest.mark.parametrize("module", OTHERS)
def test_another_modules_documentation_is_its_argument_spec(module: str) -> None:
    compare_options(yaml.safe_load(library(module).DOCUMENTATION)["options"], library(module).OPTIONS, module)


def test_the_shared_documentation_is_the_common_options() -> None:
    compare_options(shared_documentation(), COMMON_OPTIONS, "streambed")


@pytest.mark.parametrize("role", ALL_ROLES)
def test_a_roles_defaults_are_its_argument_spec(role: str) -> None:
    folder = ROOT / "roles" / role
    options = read(folder / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    defaults = read(folder / "defaults" / "main.yml")
    own = {name for name in options if name.startswith(f"{role}_")}
    assert own == defaults.keys()
    for name in own:
        stated = options[name].get("default", defaults[name])
        assert stated == defaults[name] or "{{" in str(defaults[name]), name
    for line in re.findall(rf"^{role}_\w+:.*", (folder / "defaults" / "main.yml").read_text(), re.MULTILINE):
        before = (folder / "defaults" / "main.yml").read_text().partition(line)[0].rstrip().splitlines()[-1]
        assert before.startswith("#"), f"{line} has no comment above it"


@pytest.mark.parametrize(("role", "module"), ROLES.items())
def test_a_role_passes_every_option_of_its_module(role: str, module: str) -> None:
    task = next(task for task in read(ROOT / "roles" / role / "tasks" / "main.yml") if module in task)
    known = {*component(module).options, *COMMON_OPTIONS} - {"poll_seconds"}
    assert set(task[module]) == known
    assert task["register"] == f"{role}_result"
    for name, value in task[module].items():
        if name not in ("stack_name", "environment_suffix", "account_id"):
            left_out = " | default(omit, true)" if name in nullable(module) else ""
            assert value == f"{{{{ {role}_{name}{left_out} }}}}"


def nullable(module: str) -> set[str]:
    """Words with choices and no default: Ansible takes null for a wrong choice, so a role leaves them out."""
    options = component(module).options.items()
    return {name for name, spec in options if {"choices", "default", "type"} & set(spec) == {"choices"}}


@pytest.mark.parametrize(("role", "module"), ROLES.items())
def test_null_says_nothing_of_an_option_with_choices(role: str, module: str) -> None:
    options = read(ROOT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    for name in nullable(module):
        # Ansible makes an empty text of a null.
        assert "" in options[f"{role}_{name}"]["choices"]


def keys(environment: str) -> dict[str, set[str]]:
    folder = ROOT / "inventories" / environment / "group_vars" / "all"
    return {path.name: set(read(path)) for path in sorted(folder.glob("*.yml"))}


@pytest.mark.parametrize("environment", INVENTORIES)
def test_every_inventory_has_the_same_keys(environment: str) -> None:
    assert keys(environment) == keys("local")


@pytest.mark.parametrize("environment", INVENTORIES)
def test_a_host_is_an_environment(environment: str) -> None:
    hosts = read(ROOT / "inventories" / environment / "hosts.yml")["all"]["hosts"]
    assert list(hosts) == [environment]
    values = read(ROOT / "inventories" / environment / "group_vars" / "all" / "environment.yml")
    assert values["environment_suffix"] == environment
    assert hosts[environment]["ansible_python_interpreter"] == "{{ ansible_playbook_python }}"


@pytest.mark.parametrize("environment", INVENTORIES)
def test_an_inventory_sets_only_what_the_roles_know(environment: str) -> None:
    folder = ROOT / "inventories" / environment / "group_vars" / "all"
    for path in folder.glob("*.yml"):
        if path.stem in ALL_ROLES:
            assert set(read(path)) <= set(read(ROOT / "roles" / path.stem / "defaults" / "main.yml")), path


def test_imports_point_downward() -> None:
    core = ROOT / "module_utils" / "reconcile"
    assert {path.stem for path in core.glob("*.py")} == {*LAYERS, "__init__"}
    for path in core.glob("*.py"):
        for imported in sibling_imports(path):
            assert LAYERS.index(imported) < LAYERS.index(path.stem), f"{path.stem} imports {imported}"


def sibling_imports(path: Path) -> Iterator[str]:
    """Siblings that a file imports when it runs; imports for types only do not count."""
    tree = ast.parse(path.read_text())
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            yield from [node.module.split(".")[0]] if node.module else [alias.name for alias in node.names]


@pytest.mark.parametrize("module", MODULES)
def test_components_stand_on_the_core_and_not_on_its_upper_half(module: str) -> None:
    for path in sources(f"module_utils/{module}"):
        text = path.read_text()
        assert not re.search(r"reconcile\.(engine|walk)|reconcile import (engine|walk)", text), name_of(path)


ENGINE = "module_utils/reconcile/engine.py"


def test_only_the_engine_acts() -> None:
    for path in sources("module_utils", "library"):
        if name_of(path) != ENGINE:
            found = re.findall(r"time\.sleep|\.check_mode|exit_json|fail_json|sys\.path", path.read_text())
            assert not found, f"{name_of(path)}: {found}"


def test_no_path_is_bent() -> None:
    for path in sources("library", "module_utils", "action_plugins", "localcloud", "tests", "tools", "playbooks"):
        assert "sys" + ".path" not in path.read_text().replace('"sys" + ".path"', "").replace(r"sys\.path", ""), path


@pytest.mark.parametrize("path", sources("module_utils", "library", "action_plugins", "localcloud"), ids=name_of)
def test_functions_and_files_stay_small(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert node.end_lineno - node.lineno + 1 <= LONGEST_FUNCTION, node.name


@pytest.mark.parametrize("path", sources("library"), ids=name_of)
def test_every_module_runs_inside_the_controller(path: Path) -> None:
    assert (ROOT / "action_plugins" / path.name).exists()


@pytest.mark.parametrize("path", sources("library"), ids=name_of)
def test_no_module_bears_the_name_of_a_shipped_one(path: Path) -> None:
    aws = Path(importlib.util.find_spec("ansible_collections.amazon.aws").submodule_search_locations[0])
    assert not (aws / "plugins" / "modules" / path.name).exists()


@pytest.mark.parametrize("module", MODULES)
def test_permissions_are_iam_actions(module: str) -> None:
    permissions = component(module).permissions
    assert permissions
    assert all(re.fullmatch(r"[a-z0-9-]+:[A-Z][A-Za-z]+", action) for action in permissions)


def test_every_lesson_names_a_test_that_exists() -> None:
    rows = [line for line in (ROOT / "docs" / "lessons.md").read_text().splitlines() if line.startswith("| ")][2:]
    assert len(rows) == 10
    for row in rows:
        for file, name in re.findall(r"`(tests/[\w/.]+)::([^`]+)`", row.split("|")[-2]):
            assert name in (ROOT / file).read_text(), f"{file}: {name}"
        assert "`tests/" in row.split("|")[-2], row
