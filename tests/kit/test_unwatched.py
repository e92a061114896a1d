"""What the kit prepares for itself runs at full speed; what follows is watched again."""

from __future__ import annotations

import os
import sys

import pytest

from paygate.testing.kit.world import RefusedError, no_way_out, unwatched


def test_what_follows_is_watched_again():
    with no_way_out():
        watching = sys.getprofile()
        with unwatched():
            assert sys.getprofile() is None

        assert sys.getprofile() is watching
        with pytest.raises(RefusedError, match=r"os\._exit"):
            os._exit(3)
