"""What tests/bench/compare.py is made of: the same networks for Octet and its peers, and means to time them in turns."""
