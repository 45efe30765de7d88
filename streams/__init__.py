"""Deskpulse: ticket events on Kafka become live service-quality numbers."""
