"""The service under load, beside a bare endpoint and its peers."""
