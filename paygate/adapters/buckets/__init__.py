"""Token buckets that processes share."""
