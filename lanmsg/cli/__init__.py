"""The shell: one command a run, data on stdout, everything else on stderr, a truthful exit code."""
