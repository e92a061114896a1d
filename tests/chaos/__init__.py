"""paygate under load while its parts fail, and an audit of all records afterwards.

::

    plan ──► merchants ──► two APIs ──► three workers ──► bank (its book is its own)
                │              ▲ callbacks                    │
             journal        faults: processes, Redis, PostgreSQL
                └──────────► audit ◄── database, book, receivers

``make chaos`` runs it; the last line is one JSON object. The same seed makes the same plan: the
orders, what the bank does to each operation, and the faults. The interleaving is another each time.
"""
