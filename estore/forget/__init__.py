"""Forget: removes a person from everything in the home, and keeps the person out of later loads."""
