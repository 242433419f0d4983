"""The console: hears events, sends commands, decides nothing."""
