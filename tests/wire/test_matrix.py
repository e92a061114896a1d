"""The page about the official clients is what a run of their calls shows."""

from __future__ import annotations

import os

import pytest

from paygate.testing import PaygateServer

from .matrix import PAGE, WORDS, Column, page, razorpay_node, razorpay_python


@pytest.fixture
def columns(paygate_server: PaygateServer, base_url: str) -> list[Column]:
    keys = (paygate_server.api_key, paygate_server.api_secret)
    return [razorpay_python(base_url, keys), razorpay_node(base_url, keys)]


def test_the_page_is_up_to_date(columns: list[Column]):
    if os.environ.get("PAYGATE_WRITE_PAGES"):
        PAGE.write_text(page(columns), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page(columns)


def test_a_call_works_or_is_refused_as_not_supported(columns: list[Column]):
    assert {status for each in columns for status in each.statuses.values()} <= WORDS.keys()
