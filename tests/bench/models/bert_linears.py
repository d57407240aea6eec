"""All linear layers of a BERT-base encoder (Devlin et al., 2018) one after the other: 12 blocks of width 768.

What lies between them in the real encoder (attention, layer norm, GELU) is left out; a layer reads what the one before
wrote.
"""

from torch import nn

WIDTH, HIDDEN, BLOCKS = 768, 3072, 12


def block():
    query, key, value, output = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
    return [query, key, value, output, nn.Linear(WIDTH, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, WIDTH)]


class BertLinears(nn.Sequential):
    def __init__(self):
        super().__init__(*[layer for _ in range(BLOCKS) for layer in block()])
