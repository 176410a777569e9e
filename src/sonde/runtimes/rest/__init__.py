"""The REST door: decodes requests, asks the one predictor, encodes answers. Decides nothing."""
