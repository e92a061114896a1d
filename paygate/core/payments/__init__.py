"""Payments: from an order to the money, and back."""
