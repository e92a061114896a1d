"""The contract kit: rules, what they are judged with, and who judges."""

from . import checks as checks  # importing the checks registers their rules
