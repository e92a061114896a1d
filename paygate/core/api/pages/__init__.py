"""Pages for browsers: the checkout, the dashboard, the API reference and the simulated bank."""
