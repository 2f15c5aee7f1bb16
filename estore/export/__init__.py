"""Export: writes the newest snapshot as files for other programs."""
