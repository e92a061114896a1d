"""One module per group of tables: statements, conversion of rows, and repository."""
