"""What is stored for plugins: their settings and their records."""
