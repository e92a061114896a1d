"""The machines. One file is one technology; families do not know each other."""
