# SPDX-License-Identifier: Apache-2.0
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
from ansible.module_utils.environment.components import COMPONENTS, Instance, declared, variable_names
from ansible.module_utils.environment.entry import OPTIONS
from ansible.module_utils.reconcile.entry import COMMON_OPTIONS

from tests.support.components import IDENTITY, MODULES, ROOT, component, library, plugin
from tests.support.environments import defaults, resolved
from tools import variables_schema

ALL_ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())
# An inventory is one environment; a fleet's is many, one for each of its hosts.
FLEET = "fleet"
# `make environment` writes inventories that are one row beside another one's variables.
INVENTORIES = sorted(path.name for path in (ROOT / "inventories").iterdir()
                     if path.name != FLEET and not (path / "group_vars").is_symlink())  # fmt: skip
# File -> the files of the core below it.  The page docs/architecture.md shows the same order.
LAYERS = ("errors", "values", "plan", "usage", "drawing", "offers", "graph", "identity", "fields", "tags", "component",
          "planning", "report", "walk", "engine", "entry")  # fmt: skip
# Lines that everything which acts, the core and the engine, may have together.
LONGEST_CORE = 2_000
LONGEST_FUNCTION, LONGEST_FILE = 40, 500


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def shared_documentation() -> dict[str, Any]:
    return yaml.safe_load(plugin("doc_fragments/streambed.py").ModuleDocFragment.DOCUMENTATION)["options"]


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
    returned = {"calls", "calls_left", "foreign", "resource", "scheduled", "waiting_for", "aws_calls"}
    assert yaml.safe_load(library(module).RETURN).keys() == returned


def test_the_environments_documentation_is_its_argument_spec() -> None:
    compare_options(yaml.safe_load(library("environment_run").DOCUMENTATION)["options"], OPTIONS, "environment_run")


def test_the_shared_documentation_is_the_common_options() -> None:
    compare_options(shared_documentation(), COMMON_OPTIONS, "streambed")


def variables(role: str) -> set[str]:
    """What a role's variables may be: its module's options, or those of the run itself and what it consists of."""
    if role in COMPONENTS:
        return set(variable_names(role))
    return {"environment_components", *(f"environment_{option}" for option in OPTIONS)}


def tasks(role: str, file: str = "main") -> list[dict[str, Any]]:
    return read(ROOT / "roles" / role / "tasks" / f"{file}.yml") or []


@pytest.mark.parametrize("role", ALL_ROLES)
def test_a_roles_variables_are_the_options_of_its_module_each_with_a_comment(role: str) -> None:
    file = ROOT / "roles" / role / "defaults" / "main.yml"
    stated = set(read(file))
    # A component says all that it can be told; the environment's other options are said by playbooks, or have defaults.
    assert stated == variables(role) if role in COMPONENTS else stated <= variables(role)
    for line in re.findall(rf"^{role}_\w+:.*", file.read_text(), re.MULTILINE):
        before = file.read_text().partition(f"\n{line}")[0].rstrip().splitlines()[-1]
        assert before.startswith("#"), f"{line} has no comment above it"


@pytest.mark.parametrize("role", COMPONENTS)
def test_a_roles_defaults_are_values_that_its_module_takes(role: str) -> None:
    names = variable_names(role)
    written = defaults(role)
    given = {names[name]: resolved(value, written) for name, value in written.items()}
    one = Instance(role, role, given, {})
    _, wrong, _ = declared(one, {**IDENTITY, "account_id": "123456789012"})
    assert wrong == []


@pytest.mark.parametrize("role", COMPONENTS)
def test_a_component_role_is_one_task_and_declares_nothing_else(role: str) -> None:
    [task] = tasks(role)
    assert task["environment_run"] == {"roles": [role], "outputs": False, "whole": False}
    assert task["register"] == f"{role}_result"
    assert tasks(role, "declare") == []


def test_the_environment_role_knows_every_component_and_is_one_task() -> None:
    *imports, block = tasks("environment")
    # What is beside it runs where it failed, and hands on what an alert says.
    [task] = block["block"]
    assert [each["ansible.builtin.import_role"] for each in imports] == [
        {"name": role, "tasks_from": "declare"} for role in COMPONENTS
    ]
    assert task["environment_run"] == {"roles": "{{ environment_components }}"}
    assert read(ROOT / "roles" / "environment" / "defaults" / "main.yml")["environment_components"] == list(COMPONENTS)
    assert set(block["tags"]) == {*COMPONENTS, "outputs"}
    assert "ansible.builtin.fail" in block["rescue"][-1]


def stated(environment: str) -> dict[str, Any]:
    """What an inventory says for all of its hosts."""
    return read(ROOT / "inventories" / environment / "group_vars" / "all" / "environment.yml")


@pytest.mark.parametrize("environment", INVENTORIES)
def test_an_inventory_says_what_is_different_and_nothing_else(environment: str) -> None:
    defaults = {name: value for role in ALL_ROLES for name, value in
                read(ROOT / "roles" / role / "defaults" / "main.yml").items()}  # fmt: skip
    assert [name for name, value in stated(environment).items() if name in defaults and defaults[name] == value] == []


def test_the_inventories_are_small() -> None:
    files = [path for each in INVENTORIES for path in (ROOT / "inventories" / each).rglob("*.yml")]
    assert sum(len(path.read_text().splitlines()) for path in files) < 150


def test_the_schema_of_the_variables_is_that_of_the_modules() -> None:
    assert variables_schema.TARGET.read_text() == variables_schema.text(), "run make schema"


@pytest.mark.parametrize("environment", INVENTORIES)
def test_a_host_is_an_environment(environment: str) -> None:
    hosts = read(ROOT / "inventories" / environment / "hosts.yml")["all"]["hosts"]
    assert list(hosts) == [environment]
    assert stated(environment)["environment_suffix"] == environment
    assert hosts[environment]["ansible_python_interpreter"] == "{{ ansible_playbook_python }}"


# What stands in environment.yml for itself: the identity, and what reaches botocore.
OF_AN_INVENTORY = {"stack_name", "environment_suffix", "account_id", "region", "environment_variables"}


@pytest.mark.parametrize("environment", INVENTORIES)
def test_an_inventory_sets_only_what_the_roles_know(environment: str) -> None:
    known = {name for role in ALL_ROLES for name in variables(role)} | OF_AN_INVENTORY
    assert set(stated(environment)) <= known


def test_a_fleet_sets_only_what_the_roles_know() -> None:
    known = {name for role in ALL_ROLES for name in variables(role)} | OF_AN_INVENTORY
    hosts = read(ROOT / "inventories" / FLEET / "hosts.yml")["all"]["hosts"]
    for said in (stated(FLEET), *hosts.values()):
        assert {name for name in said if not name.startswith("ansible_")} <= known


def test_imports_point_downward() -> None:
    core = ROOT / "module_utils" / "reconcile"
    assert {path.stem for path in core.glob("*.py")} == {*LAYERS, "__init__"}
    for path in core.glob("*.py"):
        for imported in sibling_imports(path):
            assert LAYERS.index(imported) < LAYERS.index(path.stem), f"{path.stem} imports {imported}"


def test_what_talks_to_aws_knows_nothing_of_plans() -> None:
    for path in sources("module_utils/aws"):
        core = {name for name in imported(path) if "reconcile" in name}
        assert all(name.startswith("..reconcile.errors.") for name in core), f"{name_of(path)}: {core}"


def sibling_imports(path: Path) -> Iterator[str]:
    """Siblings that a file imports when it runs; imports for types only do not count."""
    tree = ast.parse(path.read_text())
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            yield from [node.module.split(".")[0]] if node.module else [alias.name for alias in node.names]


def test_the_core_stays_small() -> None:
    lines = sum(len(path.read_text().splitlines()) for path in sources("module_utils/reconcile"))
    assert lines < LONGEST_CORE


def imported(path: Path) -> set[str]:
    """Dotted names that a file imports when it runs or for types, as they are written."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            found |= {f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


UPPER = LAYERS[LAYERS.index("planning") :]


@pytest.mark.parametrize("module", MODULES)
def test_a_component_stands_on_the_lower_half_of_the_core_and_on_no_other_component(module: str) -> None:
    above = [f"reconcile.{name}" for name in UPPER] + ["environment", *(each for each in MODULES if each != module)]
    for path in sources(f"module_utils/{module}"):
        for name in imported(path):
            assert not [each for each in above if f".{each}." in f".{name.lstrip('.')}."], f"{name_of(path)}: {name}"


def test_the_core_knows_no_component_and_no_environment() -> None:
    for path in sources("module_utils/reconcile"):
        known = {word for name in imported(path) for word in name.split(".")}
        assert not known & {*MODULES, "environment"}, name_of(path)


# What may end a module or pause a run, and what may ask whether this is one at all.
ENTRIES = ("module_utils/reconcile/entry.py", "module_utils/environment/entry.py")
CONDUCTORS = (*ENTRIES, "module_utils/reconcile/engine.py", "module_utils/environment/conduct.py",
              "module_utils/environment/locking.py")  # fmt: skip


@pytest.mark.parametrize(("acts", "actors"), [
    (r"time\.sleep|exit_json|fail_json|sys\.path", ENTRIES),
    (r"\.check_mode", CONDUCTORS),
    (r"aws\.write\(", ("module_utils/reconcile/walk.py", "module_utils/environment/lease.py",
                       "module_utils/environment/history.py", "module_utils/verification/traces.py")),
])  # fmt: skip
def test_only_few_files_act(acts: str, actors: tuple[str, ...]) -> None:
    for path in sources("module_utils", "library"):
        if name_of(path) not in actors:
            found = re.findall(acts, path.read_text())
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
