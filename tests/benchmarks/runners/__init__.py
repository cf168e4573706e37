"""What `peers.py` runs: simulated data, one small runner a peer, and what their numbers are held against."""
