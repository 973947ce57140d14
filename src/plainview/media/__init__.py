"""The only importer of PyAV: containers, codecs, frames, time base."""
