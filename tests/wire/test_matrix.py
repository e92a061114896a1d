"""The page about the official clients is what a run of their calls shows."""

from __future__ import annotations

import os

from paygate.testing import PaygateServer

from .matrix import PAGE, WORDS, page, razorpay_node, razorpay_python, stripe_node
from .stripe_calls import stripe_python


def test_a_call_works_or_is_not_supported_as_the_page_says(
    paygate_server: PaygateServer, base_url: str, stripe_url: str
):
    keys = (paygate_server.api_key, paygate_server.api_secret)
    razorpay = [razorpay_python(base_url, keys), razorpay_node(base_url, keys)]
    columns = [*razorpay, stripe_python(stripe_url, keys), stripe_node(stripe_url, keys)]

    statuses = [pair for each in columns for pair in each.statuses.items()]
    assert [pair for pair in statuses if pair[1] not in WORDS] == []
    if os.environ.get("PAYGATE_WRITE_PAGES"):
        PAGE.write_text(page(columns), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page(columns)
