"""Shapes that exist only on the wire; everything that is on disk comes from `tunix_rt`."""
