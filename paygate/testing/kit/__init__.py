"""The contract kit: rules, test cases, and the functions that check them."""

from . import checks as checks  # importing the checks registers their rules
