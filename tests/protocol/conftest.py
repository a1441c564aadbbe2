"""Settings of hypothesis for this room."""

from hypothesis import settings

# A busy machine is no failure: how long an example may take is for the benchmarks to say.
settings.register_profile("protocol", deadline=None)
settings.load_profile("protocol")
