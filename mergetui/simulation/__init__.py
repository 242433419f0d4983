"""A gate that is played instead of run: the same plan, a fake clock, and a world whose truth is known."""
