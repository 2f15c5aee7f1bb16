"""Audiences: which customers to write to, the files to do so, and whether it worked."""
