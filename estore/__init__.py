"""Customer analytics for online shops."""
