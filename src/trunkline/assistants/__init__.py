"""Saved assistants, and the one schema of an assistant's configuration."""
