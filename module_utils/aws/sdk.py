# SPDX-License-Identifier: Apache-2.0
"""What is used of botocore; the only file that imports it.

Where it is not installed stand-ins take its place, so that everything can be imported all the same, and a module can
say which library is missing, which AnsibleAWSModule does before anything of this is used.
"""

from __future__ import annotations

from typing import Any

INSTALLED = True

try:
    import jmespath  # comes with botocore
    from botocore import exceptions, loaders, xform_name
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError, NoRegionError
    from botocore.model import OperationModel, Shape
    from botocore.parsers import ResponseParserError
    from botocore.session import Session
    from botocore.utils import JSONFileCache
except ImportError:
    INSTALLED = False

    class Absent(Exception):
        """Whatever botocore would offer: an error that nobody raises, a class, a value."""

        def __init__(self, *values: Any, **named: Any) -> None:
            super().__init__()

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            return Absent

    exceptions, jmespath, loaders = Absent(), Absent(), Absent()
    BotoCoreError = ClientError = NoRegionError = ResponseParserError = Absent
    Config = JSONFileCache = OperationModel = Session = Shape = xform_name = Absent

__all__ = [
    "INSTALLED", "BotoCoreError", "ClientError", "Config", "JSONFileCache", "NoRegionError", "OperationModel",
    "ResponseParserError", "Session", "Shape", "exceptions", "jmespath", "loaders",
    "xform_name",
]  # fmt: skip
