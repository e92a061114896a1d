"""Plugin objects that answer from a script and record the requests they get."""
