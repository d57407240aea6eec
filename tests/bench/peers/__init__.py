"""What tests/bench/compare.py is made of: the same networks for Octet and its peers, and the means to time them."""
