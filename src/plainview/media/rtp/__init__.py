"""Plainview's own RTSP client and RTP receiver: UDP with every loss declared, and RTSP over TLS."""
