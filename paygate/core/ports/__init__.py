"""What the core asks of the machines around it, as Protocols, and the values that cross."""
