"""What is true about payments: pure values and rules.

Nothing here awaits, reads a clock, draws a random number or imports a library.
Whatever a rule needs comes in as an argument, whatever it changes goes out as a
``Change``.
"""
