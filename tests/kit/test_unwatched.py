"""Code of the kit is not watched; code of plugins afterwards is."""

from __future__ import annotations

import os
import sys

import pytest

from paygate.testing.kit.world import RefusedError, refuse_exits, unwatched


def test_watching_resumes_after_an_unwatched_block():
    with refuse_exits():
        watching = sys.getprofile()
        with unwatched():
            assert sys.getprofile() is None

        assert sys.getprofile() is watching
        with pytest.raises(RefusedError, match=r"os\._exit"):
            os._exit(3)
