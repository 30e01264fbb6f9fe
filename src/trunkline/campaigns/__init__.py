"""Campaigns and the people on their lists."""
