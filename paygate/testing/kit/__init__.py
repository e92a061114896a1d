"""The contract kit: rules, what they are judged with, and who judges."""
