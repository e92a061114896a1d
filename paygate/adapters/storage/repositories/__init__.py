"""The storage port's repositories, one file each, bound to an executor."""
