"""A real sandbox, and the gate at work on it."""
