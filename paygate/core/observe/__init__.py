"""What a process shows its operators about itself."""
