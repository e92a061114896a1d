"""The fixtures of shops' tests, on the server that all our tests use."""

from tests.testing.conftest import paygate_session

__all__ = ["paygate_session"]
