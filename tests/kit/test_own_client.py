"""A plugin that needs a client of its own says why; the rest of it is judged as before."""

import socket

import pytest

from paygate.testing.kit.judge import judge
from paygate.testing.kit.rules import rules_of
from tests.kit import good


class Connects(good.GoodSink):
    """Opens a socket, as a broker's client does."""

    async def deliver(self, event, endpoint, context):
        with socket.socket():
            return await super().deliver(event, endpoint, context)


class SaysWhy(Connects):
    own_client = "its broker does not speak HTTP"


class SaysWhyAndSleeps(SaysWhy):
    async def deliver(self, event, endpoint, context):
        import time

        time.time()
        return await super().deliver(event, endpoint, context)


def found(kind, name):
    [rule] = [each for each in rules_of("sink") if each.name == name]
    return judge(good.sink_case(kind), rule)


def test_a_plugin_with_own_client_may_open_sockets_and_the_report_shows_why():
    finding = found(SaysWhy, "opens_no_socket")

    assert finding.verdict == "does_not_apply"
    assert "its broker does not speak HTTP" in finding.message


@pytest.mark.parametrize("reason", [None, "", True])
def test_a_plugin_without_own_client_may_not_open_sockets(reason):
    mute = type("Mute", (Connects,), {"own_client": reason})

    assert found(mute, "opens_no_socket").verdict == "broken"


def test_own_client_excuses_only_sockets():
    assert found(SaysWhyAndSleeps, "reads_no_clock").verdict == "broken"
