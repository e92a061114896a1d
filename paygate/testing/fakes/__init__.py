"""Plugin objects that answer from a script and remember what they were asked."""
