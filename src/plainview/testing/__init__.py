"""Shipped doubles: RTSP camera, street scene, clock, log checker."""
