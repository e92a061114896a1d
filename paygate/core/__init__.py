"""The core: payments, webhooks, accounts, the queue and the HTTP API."""
