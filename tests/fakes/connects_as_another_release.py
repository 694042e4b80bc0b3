"""A peer that describes itself as asked, and whose library states another release to the broker."""

from __future__ import annotations

from honest import Fake, serve

import harness
from harness.raw import answers, client

DESCRIBED = answers.described(1).version


class Renamed:
    """Stands in for the package harness, whose version the client states."""

    __version__ = "99.9"


assert harness.__version__ == DESCRIBED
vars(client)["harness"] = Renamed
serve(Fake())
