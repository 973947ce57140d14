"""Live, playback, timeline, snapshots: of views only."""
