"""The few statements written by hand, because they are hot or no ORM can say them.

Each is one round trip over a set of rows; one row is the case N = 1. Sets come in
as one JSON parameter. Leases live on ``clock_timestamp()``, the database's clock.
"""
