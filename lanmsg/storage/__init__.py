"""The home on disk: synchronous, no asyncio; where the processes of one identity meet."""
