# SPDX-License-Identifier: Apache-2.0
"""What a component looks like in a picture, as it says of its states; how it is drawn is not known here.  Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """One thing: ``on`` is what calls name it, ``kind`` what it is, ``label`` what it is called, ``facts`` the rest.

    ``row`` and ``column`` say where it stands in the component's grid: tiers or shards, and zones. What has no column
    stands across its row, what has no row beside the grid.
    """

    on: str
    kind: str
    label: str
    facts: tuple[str, ...] = ()
    row: str = ""
    column: str = ""


@dataclass(frozen=True)
class Way:
    """Who may reach whom: ``by`` is the protocol with its ports, ``hindrance`` what is in the way all the same."""

    source: str
    target: str
    by: str
    hindrance: str = ""


@dataclass(frozen=True)
class Drawing:
    """Everything that a component draws."""

    boxes: tuple[Box, ...] = ()
    ways: tuple[Way, ...] = ()
