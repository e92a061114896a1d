"""Webhooks: endpoints, deliveries and the event stream."""
