"""Sinks are closed with the app, and none prevents its shutdown."""

import asyncio
from datetime import timedelta

import pytest

from paygate import PluginInfo
from paygate.plugins import guard
from paygate.plugins.guard import GuardedSink, close_sinks, log
from tests.unit.host.bad_plugins import Delivers


class Closes:
    info = PluginInfo("closes", "1")

    def __init__(self, failing=None):
        self.failing = failing
        self.closed = 0

    async def close(self):
        self.closed += 1
        if self.failing == "hangs":
            await asyncio.Event().wait()
        if self.failing:
            raise self.failing

    wants = deliver = None


def guarded(plugin):
    return GuardedSink(plugin, PluginInfo("closes", "1"), "closes")


async def test_each_closable_sink_is_closed_once():
    one, other = Closes(), Closes()

    await close_sinks([guarded(one), guarded(Delivers(None)), guarded(other)])

    assert (one.closed, other.closed) == (1, 1)


@pytest.mark.parametrize("failing", ["hangs", OSError("gone"), SystemExit(3)], ids=str)
async def test_a_failing_sink_does_not_delay_the_others(failing, monkeypatch):
    monkeypatch.setattr(guard, "CLOSE", timedelta(milliseconds=50))
    good = Closes()

    lines = []
    # Not through Python's log, which other tests set up as the app does.
    monkeypatch.setattr(log, "warning", lambda text, *words: lines.append(text % words))
    await asyncio.wait_for(close_sinks([guarded(Closes(failing)), guarded(good)]), 60)

    assert good.closed == 1
    assert [line.partition(":")[0] for line in lines] == ["sink closes did not close"]
