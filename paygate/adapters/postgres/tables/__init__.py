"""One module per group of tables: its statements, the mapping of its rows, its repository."""
