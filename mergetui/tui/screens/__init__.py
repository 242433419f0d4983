"""The modal screens: each asks or shows one thing and answers with a value."""
