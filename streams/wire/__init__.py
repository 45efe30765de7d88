"""Bytes to core values and back: CloudEvents, dead letters, changelog records."""
