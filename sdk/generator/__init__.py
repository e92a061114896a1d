"""Write the generated parts of the client libraries."""
