"""The doors. None knows another."""
