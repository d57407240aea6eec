"""A small client for an Octet server, or any server of the Open Inference Protocol with binary tensors."""

from octet.client.client import Client
from octet.client.errors import OctetError

__all__ = ["Client", "OctetError"]
