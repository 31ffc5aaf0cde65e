"""settle -> observe -> compare -> refuse -> plan -> apply -> verify -> report.  The only file that acts.

Only this file knows Ansible, check mode, and how a run ends; ``walk.py`` makes the calls that it decides on.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule, env_fallback
from ansible_collections.amazon.aws.plugins.module_utils.botocore import get_aws_connection_info
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from botocore.exceptions import BotoCoreError, ClientError

from . import identity
from .aws import Aws, explain
from .component import Component, Options, Seen
from .errors import AwsFailure, Failure, LostAnswer, Refusal, Refused, did_you_mean, shown
from .fields import Difference, compare, render
from .lease import Lease
from .plan import CREATE, Call, Wait, described, missing_parents, ordered, printable, same_call
from .walk import Tell, Terms, Walked, apply, poll, silent

# How often a lost answer is looked into before the run gives up, and how long AWS may take to show what was made.
LOST_ANSWERS = 5
SHOWN_WITHIN_SECONDS = 30.0
# How long a run that follows one that died looks for what it is about to create.
DOUBTED_SECONDS = 5.0

COMMON_OPTIONS: dict[str, dict[str, Any]] = {
    "state": {"choices": ["present", "absent"], "default": "present"},
    "stack_name": {"required": True},
    "environment_suffix": {"required": True},
    "tags": {"type": "dict"},
    "purge_tags": {"type": "bool", "default": True},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 3600},
    "poll_seconds": {"type": "float", "fallback": (env_fallback, ["STREAMBED_POLL_SECONDS"])},
    "environment_lock": {"type": "dict"},
}


class Module(AnsibleModule):  # type: ignore[misc]
    """An Ansible module that says which option was meant when it is given an unknown one."""

    def fail_json(self, msg: str, **rest: Any) -> NoReturn:  # type: ignore[misc]
        unknown = re.match(r"Unsupported parameters for \(\S+\) module: (.+?)\. Supported", msg)
        if unknown:
            known = set(self.argument_spec) | set(re.findall(r"\w+", msg.partition("include:")[2]))
            words = [word.strip() for word in unknown.group(1).split(",")]
            found = ", ".join(word + did_you_mean(word.rpartition(".")[2], known) for word in words)
            msg = f"{self._name}: unknown option {found}. Next: correct it; ansible-doc {self._name} lists every option"
        super().fail_json(msg=msg, **rest)


def open_module(component: Component) -> AnsibleAWSModule:
    """A component's module; ends the run when the arguments do not fit its options."""
    return _open({**COMMON_OPTIONS, **component.options})


def _open(options: Mapping[str, Any]) -> AnsibleAWSModule:
    AnsibleAWSModule.default_settings["module_class"] = Module
    return AnsibleAWSModule(argument_spec=dict(options), supports_check_mode=True)


def connect(module: AnsibleAWSModule) -> Aws:
    """AWS as the module's options, the environment and the credential chain say."""
    region, endpoint_url, keys = get_aws_connection_info(module)
    profile = keys.pop("profile_name", None)
    config = keys.pop("aws_config", None)
    connection = {"region_name": region, "endpoint_url": endpoint_url, **keys, **({"config": config} if config else {})}
    return Aws(connection, profile, time.sleep)


def terms_of(module: AnsibleAWSModule, tell: Tell = silent) -> Terms:
    """The terms that the module's options and Ansible state."""
    options = module.params
    return Terms(module.check_mode, options["wait"], options["wait_timeout"], options["poll_seconds"],
                 time.sleep, time.monotonic, tell)  # fmt: skip


def run(component: Component) -> None:
    """The whole of a component module's ``main``."""
    module = open_module(component)
    result = _end_on_failure(module, lambda: reconcile(component, connect(module), module.params, terms_of(module)))
    if module.check_mode and result["waiting_for"]:
        module.warn(f"{component.noun}: AWS is busy with {', '.join(result['waiting_for'])}; planned all the same")
    module.exit_json(**result)


def inquire(options: Mapping[str, Any], look: Callable[[Aws, Options], dict[str, Any]]) -> None:
    """The whole of the ``main`` of a module that only looks; ``look`` returns its result."""
    attempt(options, lambda aws, params, _check_mode: look(aws, params))


def attempt(options: Mapping[str, Any], act: Callable[[Aws, Options, bool], dict[str, Any]]) -> None:
    """The whole of the ``main`` of a module that is no component.

    ``act(aws, options, check_mode)`` returns its result.
    """
    module = _open(options)
    aws = connect(module)
    result = _end_on_failure(module, lambda: act(aws, module.params, module.check_mode))
    module.exit_json(changed=False, aws_calls=dict(aws.counts), **result)


def _end_on_failure(module: AnsibleAWSModule, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What ``act`` returns; an error ends the module with a sentence.

    Every error: an uncaught one would print a traceback, and with it parameters, secrets among them.
    """
    result, failure = {}, ""
    try:
        result = act()
    except Exception as error:
        failure = failure_of(error)
    if failure:
        module.fail_json(msg=failure)
    return result


def reconcile(component: Component, aws: Aws, options: Options, terms: Terms) -> dict[str, Any]:
    """The module's result.  Raises Refused before any write, Failure when AWS does not do as asked or the lock is lost.

    A run that may write keeps the environment's lock, if it was given one, and checks it before each write.
    """
    held = options.get("environment_lock") or {}
    if terms.check_mode or not held.get("id"):
        return reconciled(component, aws, options, terms)
    with Lease(aws, held) as lease:
        return reconciled(component, aws, options, replace(terms, fence=lease.check))


def reconciled(component: Component, aws: Aws, options: Options, terms: Terms) -> dict[str, Any]:
    """``reconcile`` while the lock is kept."""
    refuse([*identity.refusals(options), *component.rules(options)])
    careful = not terms.check_mode and (options.get("environment_lock") or {}).get("careful")
    seen = (doubted if careful else observe)(component, aws, options, terms)
    differences, calls = plan(component, options, seen)
    result = report(component, options, seen, differences, calls)
    if calls and not terms.check_mode:
        walked = carry_out(component, aws, options, terms, seen, calls)
        result["calls"] = [described(call) for call in walked.made]
        result["changed"] = bool(walked.made)
        seen = component.observe(aws, options)
        if not walked.left and not walked.waits:
            seen = verify(component, aws, options, terms, seen)
        result["settling"] = settling(component, options, (*walked.waits, *seen.waits), walked.left)
        result["resource"] = printable(seen.resource or {})
        result["scheduled"] = dict(seen.scheduled)
        result["foreign"] = [dict(each) for each in seen.strangers]
    elif not terms.check_mode:
        result["settling"] = settling(component, options, seen.waits, calls)
    result["aws_calls"] = dict(aws.counts)
    return result


def refuse(refusals: Sequence[Refusal]) -> None:
    """Raises Refused when there is anything to refuse."""
    if refusals:
        raise Refused(refusals)


def observe(component: Component, aws: Aws, options: Options, terms: Terms) -> Seen:
    """What is there; a run first lets AWS finish what it is in the middle of: all of it if the run waits, else what
    takes seconds.  A plan never waits."""
    seen = component.observe(aws, options)
    waits = [wait for wait in seen.waits if terms.wait or not wait.slow]
    if waits and not terms.check_mode:
        deadline = terms.clock() + terms.wait_timeout
        for wait in waits:
            poll(wait, aws, {}, terms, deadline)
        seen = component.observe(aws, options)
    return seen


def plan(component: Component, options: Options, seen: Seen) -> tuple[dict[str, Difference], list[Call]]:
    """Differences and the calls that remove them, in the order in which they can be made.  Raises Refused."""
    refuse(seen.foreign)
    if options["state"] == "absent":
        return {}, ordered(component.delete(seen, options))
    desired = component.desire(options, seen)
    if seen.resource is None:
        born = {**component.newborn(desired), **seen.satellites}
        calls = [*component.create(desired), *component.update(born, desired, compare(component.fields, born, desired))]
        return compare(component.fields, None, desired), ordered(calls)
    differences = compare(component.fields, seen.resource, desired)
    refuse([*fixed(component, options, differences), *component.guards(seen.resource, desired, differences)])
    calls = ordered(component.update(seen.resource, desired, differences)) if differences else []
    if differences and not calls:
        raise AssertionError(f"{component.noun}: no call changes {', '.join(differences)}")
    return differences, calls


def fixed(component: Component, options: Options, differences: Mapping[str, Difference]) -> list[Refusal]:
    """Refusals for what AWS cannot change on an existing object."""
    name = identity.identity_of(options).name
    return [
        Refusal(component.noun, name, difference.field.name, difference.after, difference.before,
                f"{difference.field.fixed}; put the old value back, or destroy the {component.noun} and run again")
        for difference in differences.values() if difference.field.fixed
    ]  # fmt: skip


def report(
    component: Component, options: Options, seen: Seen, differences: Mapping[str, Difference], calls: Sequence[Call]
) -> dict[str, Any]:
    """The result as far as the plan knows it."""
    state = dict(seen.resource or {})
    gone = options["state"] == "absent"
    if not gone:
        state.update({name: difference.after for name, difference in differences.items()})
    pair = render(differences, exists=seen.resource is not None)
    if gone and calls:
        pair = {"before": printable(state), "after": {}}
    name = identity.identity_of(options).name
    classes = ", ".join(dict.fromkeys(call.change for call in calls)) or "nothing to do"
    header = f"{component.noun} {name}"
    return {
        "changed": bool(calls),
        "calls": [described(call) for call in calls],
        "diff": {**pair, "before_header": header, "after_header": f"{header} ({classes})"},
        "resource": {} if gone and not calls else printable(state),
        "settling": {},
        "waiting_for": sorted({wait.noun for wait in seen.waits}),
        "scheduled": dict(seen.scheduled),
        "foreign": [dict(each) for each in seen.strangers],
    }


def settling(component: Component, options: Options, waits: Sequence[Wait], left: Sequence[Call]) -> dict[str, Any]:
    """What a later run of the same declaration has to wait for and still to do; empty when all is settled."""
    if not waits and not left:
        return {}
    known = {**COMMON_OPTIONS, **component.options}
    kept = {name: value for name, value in options.items()
            if name in known and not known[name].get("no_log") and value is not None}  # fmt: skip
    return {
        "module": component.module,
        "options": kept,
        "waiting_for": sorted({wait.noun for wait in waits}),
        "calls_left": [described(call) for call in left],
    }


def carry_out(component: Component, aws: Aws, options: Options, terms: Terms, seen: Seen, calls: list[Call]) -> Walked:
    """Makes the calls; after a lost answer looks at AWS and goes on from what is there, with a new plan."""
    total = Walked()
    for _ in range(LOST_ANSWERS):
        refuse(orphans(component, options, calls))
        walked = apply(component, aws, terms, seen, calls)
        total.made += walked.made
        if walked.lost is None:
            return replace(total, waits=walked.waits, left=walked.left)
        total.made.append(walked.lost)
        seen, calls = shown_to_be_needed(component, aws, options, terms, walked.lost)
    raise AwsFailure(f"{component.noun}: {LOST_ANSWERS} answers were lost. Next: check the network, run again")


def orphans(component: Component, options: Options, calls: Sequence[Call]) -> list[Refusal]:
    """Refusals for parents that a plan may assume but a run needs."""
    name = identity.identity_of(options).name
    return [Refusal(component.noun, name, "parent", "nothing", parent, "run the role that makes it first")
            for parent in missing_parents(calls)]  # fmt: skip


def shown_to_be_needed(
    component: Component, aws: Aws, options: Options, terms: Terms, lost: Call
) -> tuple[Seen, list[Call]]:
    """What is there after a write without an answer, given time to show, and the calls that are still needed."""
    seen = look_again(component, aws, options, terms, SHOWN_WITHIN_SECONDS,
                      lambda calls: not any(same_call(lost, call) for call in calls))  # fmt: skip
    return seen, plan(component, options, seen)[1]


def doubted(component: Component, aws: Aws, options: Options, terms: Terms) -> Seen:
    """What is there when the run before died: it may have made what AWS does not show yet.

    What would be created must stay absent for a while, and what is to be gone must not show late.
    """
    removing = options["state"] == "absent"
    return look_again(component, aws, options, terms, DOUBTED_SECONDS,
                      lambda calls: not removing and not any(call.change == CREATE for call in calls))  # fmt: skip


def look_again(
    component: Component,
    aws: Aws,
    options: Options,
    terms: Terms,
    within_seconds: float,
    enough: Callable[[list[Call]], bool],
) -> Seen:
    """What is there as soon as the calls that it takes are ``enough``, or the time is up."""
    deadline = terms.clock() + within_seconds
    while True:
        in_time = terms.clock() < deadline
        seen = observe(component, aws, options, terms)
        try:
            _, calls = plan(component, options, seen)
        except Refused:  # the object is there before its tags are
            if not in_time:
                raise
        else:
            if not in_time or enough(calls):
                return seen
        terms.sleep(terms.poll_seconds or 2.0)


def verify(component: Component, aws: Aws, options: Options, terms: Terms, seen: Seen) -> Seen:
    """What is there once AWS shows everything that was asked.  Raises AwsFailure naming what still differs."""
    deadline = terms.clock() + SHOWN_WITHIN_SECONDS
    while True:
        rest = unconverged(component, options, seen)
        if not rest:
            return seen
        if terms.clock() >= deadline:
            name = identity.identity_of(options).name
            raise AwsFailure(f"{component.noun} {name} was changed, but AWS does not show it: {rest}. "
                             "Next: run again; if it stays, AWS or someone else keeps changing it back")  # fmt: skip
        terms.sleep(terms.poll_seconds or 2.0)
        seen = component.observe(aws, options)


def unconverged(component: Component, options: Options, seen: Seen) -> str:
    """What still differs, as a sentence; empty when nothing does."""
    try:
        differences, calls = plan(component, options, seen)
    except Refused as refused:
        return str(refused)
    if not calls:
        return ""
    return "; ".join(
        [f"{name}: found {shown(printable(difference.before))}, wanted {shown(printable(difference.after))}"
         for name, difference in differences.items()] or [call.why for call in calls])  # fmt: skip


def failure_of(error: Exception) -> str:
    """The message of a run that ended with an error; never a traceback, never a parameter."""
    if isinstance(error, (Refused, Failure, LostAnswer)):
        return str(error)
    if isinstance(error, (BotoCoreError, ClientError)):
        return explain(error)
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = f" in {where.tb_frame.f_code.co_name}, line {where.tb_lineno}" if where else ""
    return f"{type(error).__name__}{place}. Next: report this; nothing is lost, running again continues"
