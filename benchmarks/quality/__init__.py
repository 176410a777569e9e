"""How well detectors find what is labelled, on public collections beside the published figures."""
