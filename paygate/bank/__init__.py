"""A bank over HTTP: the scenarios of simulated processors behind an API of its own.

``paygate bank`` serves it. It knows nothing of paygate's database: it has a book of its own, so
a test can compare the two. In the order of a request: ``server`` reads it, ``api`` finds what it
asks for, ``bank`` executes it once, ``wire`` writes the result, ``callbacks`` reports it later.
"""
