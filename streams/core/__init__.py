"""The pure engine: no clock, no I/O, no logging; standard library only."""
