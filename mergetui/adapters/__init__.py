"""The outer world: git, processes, files, the clock."""
