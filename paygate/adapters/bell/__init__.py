"""The doorbell."""
