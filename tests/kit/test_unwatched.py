"""What the kit prepares for itself runs at full speed; what follows is watched again."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis.internal import charmap

from paygate.testing.kit.judge import judge
from paygate.testing.kit.rules import rules_of
from paygate.testing.kit.world import RefusedError, no_way_out, unwatched
from tests.kit import good


def test_what_follows_is_watched_again():
    with no_way_out():
        watching = sys.getprofile()
        with unwatched():
            assert sys.getprofile() is None

        assert sys.getprofile() is watching
        with pytest.raises(RefusedError, match=r"os\._exit"):
            os._exit(3)


def test_the_table_of_characters_is_made_unwatched(monkeypatch: pytest.MonkeyPatch):
    watchers: list[object] = []
    table = charmap.charmap

    def noting_who_watches():
        watchers.append(sys.getprofile())
        return table()

    monkeypatch.setattr(charmap, "charmap", noting_who_watches)
    rule = next(each for each in rules_of("method") if each.name == "answers_whatever_is_typed")
    finding = judge(good.method_case(good.Purse), rule)

    assert finding.verdict == "kept"
    assert set(watchers) == {None}
