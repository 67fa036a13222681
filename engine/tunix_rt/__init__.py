"""tunix-rt: from reasoning traces to a small language model that shows its work, measured honestly."""

__version__ = "0.1.0"
