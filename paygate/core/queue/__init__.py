"""The queues of due work and the workers that process them."""
