"""HTTP in. A route has three lines: parse, call, present."""
