"""What all tables have in common."""

APP = "paygate"
