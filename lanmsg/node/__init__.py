"""Sockets, timers, tasks, clocks and random bytes; the rules live in protocol, the rows in storage."""
