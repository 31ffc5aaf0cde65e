# SPDX-License-Identifier: Apache-2.0
"""Credentials as people have them: profiles, assumed roles, SSO; who they are is kept where the AWS CLI keeps it.

Every task makes a session of its own. So that none of them asks STS again, and nobody is asked for a token twice, what
an assumed role or SSO hands out lies in the cache that the AWS CLI uses, until it expires.
"""

from __future__ import annotations

import os
from typing import Any, NoReturn

from ..reconcile.errors import Failure, Refusal, Refused, did_you_mean
from .sdk import JSONFileCache, Session
from .sdk import exceptions as boto

# Source: AWS CLI, awscli/customizations/assumerole.py and sso/inject.py.
CACHE = os.path.join("~", ".aws", "cli", "cache")
CACHED = ("assume-role", "assume-role-with-web-identity", "sso")
SSO_ERRORS = (boto.SSOError, boto.TokenRetrievalError)
LOGIN_ERRORS = (boto.LoginError,)
MFA_ERRORS = (boto.RefreshWithMFAUnsupportedError,)
NONE = (boto.NoCredentialsError, boto.PartialCredentialsError)
ERRORS = (*SSO_ERRORS, *LOGIN_ERRORS, *MFA_ERRORS, *NONE, boto.CredentialRetrievalError, boto.InvalidConfigError,
          boto.ProfileNotFound)  # fmt: skip


class TokenNeeded(Failure):
    """A role wants a token of its owner's device, and nobody can be asked in the middle of a run."""


def check_region(session: Session, region: str) -> None:
    """Raises Refused for a region that no partition has: the names of its services would lead nowhere."""
    known = [each for partition in session.get_available_partitions()
             for each in session.get_available_regions("ec2", partition)]  # fmt: skip
    if region and region not in known:
        found = region + did_you_mean(region, known)
        raise Refused([Refusal("AWS region", region, "region", found, "a region of AWS", "correct region in the "
                               "inventory, or AWS_REGION; one that is new needs a newer boto3")])  # fmt: skip


def session_of(profile: str | None, loader: Any) -> Session:
    """A session with this profile; assumed roles are kept for the next session, and no token is asked for.

    Raises Failure when there is no such profile.
    """
    session = Session(profile=profile)
    session.register_component("data_loader", loader)
    try:
        resolver = session.get_component("credential_provider")
    except boto.ProfileNotFound as error:
        raise Failure(sentence(error, profile)) from error
    cache = JSONFileCache(os.path.expanduser(CACHE))
    for provider in resolver.providers:
        if provider.METHOD in CACHED:
            provider.cache = cache
        if provider.METHOD == "assume-role":
            # Ansible's workers have no terminal, and ten of them would ask side by side.
            provider._prompter = _refuse_to_ask
    return session


def _refuse_to_ask(_prompt: str) -> NoReturn:
    raise TokenNeeded("a token of an MFA device is needed")


def sentence(error: Exception, profile: str | None) -> str:
    """What is wrong with the credentials, and the exact command or setting that mends it."""
    name = profile or os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE") or "default"
    if isinstance(error, SSO_ERRORS):
        return f"credentials: the SSO session of profile {name} has ended. Next: aws sso login --profile {name}"
    if isinstance(error, LOGIN_ERRORS):
        return f"credentials: the login of profile {name} has ended. Next: aws login --profile {name}"
    if isinstance(error, (TokenNeeded, *MFA_ERRORS)):
        return (f"credentials: profile {name} assumes a role that wants a token of your MFA device. "
                f"Next: aws sts get-caller-identity --profile {name}, which asks for the token and keeps the "
                "role for its duration; then run again")  # fmt: skip
    if isinstance(error, NONE):
        return (f"credentials: found {first_line(error)}, wanted an access key and its secret. Next: export "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile in AWS_PROFILE")  # fmt: skip
    if isinstance(error, boto.ProfileNotFound):
        return f"profile: {first_line(error)}. Next: correct AWS_PROFILE or the profile option"
    return f"credentials: profile {name}: {first_line(error)}. Next: correct the profile in ~/.aws/config"


def first_line(error: Exception) -> str:
    """An error's first line, which holds no parameter."""
    return str(error).splitlines()[0].rstrip(".")
