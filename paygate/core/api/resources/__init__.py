"""The resources of the API: the models, examples and routes of each in one module."""
