"""Check the common contract against any gateway that claims it, over HTTP alone.

::

    clauses ──► case ──► gateway (HTTP)          ──► result ──► report
    (declared    │
     once)       └─────► webhooks (a receiver)

A clause is declared once, in ``clauses``: its id, what it requires, how it is checked, and what of
it cannot be seen from outside. ``paygate grade``, the tests of paygate itself and the reference
page read the same declaration. ``matching`` and ``report`` need no network.
"""
