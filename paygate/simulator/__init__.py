"""What simulated processors share: how they decide, when they answer, what they remember."""
