# SPDX-License-Identifier: Apache-2.0
"""The command line: `python -m localcloud up|down|status|save|load|serve`."""

from __future__ import annotations

import argparse
import functools
import sys
from pathlib import Path

import boto3
import boto3.session

from localcloud import process

NOT_UP = 3
FAILED = 2


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0, 3 when `status` finds nothing, 2 when something failed."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except (process.CloudError, OSError) as error:
        print(f"localcloud: {error}", file=sys.stderr)
        return FAILED


def _run(options: argparse.Namespace) -> int:
    if options.verb == "serve":
        # Imported here: moto takes a second, and the other verbs do not need it.
        _share_session()
        from localcloud.server import serve

        serve(options.port, options.state_dir, options.parent_pid)
    elif options.verb == "up":
        print(process.up(options.state_dir, options.port, options.settle_polls))
    elif options.verb == "down":
        print(process.down(options.state_dir))
    elif options.verb == "save":
        print(process.save(options.state_dir, options.file))
    elif options.verb == "load":
        print(process.load(options.state_dir, options.file))
    else:
        running = process.find(options.state_dir)
        print(f"localcloud is up at {running[1]} (pid {running[0]})" if running else "localcloud is not up")
        return 0 if running else NOT_UP
    return 0


def _share_session() -> None:
    """moto makes a session for each list of regions, and each session reads boto3's list of endpoints anew."""
    boto3.Session = functools.cache(boto3.session.Session)


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--state-dir", type=Path, default=Path(".localcloud"), help="where pid, endpoint and logs go")
    port = argparse.ArgumentParser(add_help=False)
    port.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser = argparse.ArgumentParser(prog="localcloud", description="The embedded AWS of Streambed.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    start = verbs.add_parser("up", parents=[common, port], help="start in the background, unless it runs already")
    start.add_argument("--settle-polls", type=int, default=2, help="how many polls an object stays under way")
    verbs.add_parser("down", parents=[common], help="stop")
    verbs.add_parser("status", parents=[common], help="say whether it runs; exit code 3 when not")
    file = argparse.ArgumentParser(add_help=False)
    file.add_argument("file", type=Path, metavar="FILE", help="the file of the state")
    verbs.add_parser("save", parents=[common, file], help="write all objects of the running cloud to FILE")
    verbs.add_parser("load", parents=[common, file], help="the running cloud holds what FILE holds, and nothing else")
    serve = verbs.add_parser("serve", parents=[common, port], help="run in the foreground")
    serve.add_argument("--parent-pid", type=int, help="end when this process is gone")
    return parser


if __name__ == "__main__":
    sys.exit(main())
