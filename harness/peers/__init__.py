"""Peers: their manifests, how they are built or installed, their processes, and the protocol they speak."""
