"""Play the bad days of one payment to a merchant's webhook handler, and judge the shop's books.

::

    plan ──► sequence ──► fresh payment ──► handler ──► check ──► right, or a problem
    (pure)                 (real events)    (faults)                  │
                                                                      ▼
                                              report ◄── the smallest sequence that fails

``sequence``, ``books``, ``plan`` and ``shrink`` need no network. ``run`` puts them together with
the three interfaces of ``run``: where payments come from, how events are sent, and who judges.
"""
