"""One check: a law or a case put to an adapter, and the proof of what came out."""
