"""Several requests about one payment at once, over HTTP, and what became of it."""
