"""Jobs in: what a worker process does all day."""
