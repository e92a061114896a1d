"""What the tests of the whole app share."""
