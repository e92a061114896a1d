"""The shapes on the wire: what requests may say, what answers look like.

Requests are checked with these models and answers are typed by them; the OpenAPI
document is generated from the same classes.
"""
