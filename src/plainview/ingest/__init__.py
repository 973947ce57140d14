"""RTSP to packets: connection, clocks, gaps, segmenter, health."""
