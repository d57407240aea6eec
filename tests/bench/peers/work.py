"""How much a whole model multiplies."""

from math import prod


def operations(nodes, weight_shapes, batch):
    """Multiplications and additions of all nodes with weights; padding counts as if it were multiplied.

    @param nodes          "graph" as `octet inspect --json` prints it
    @param weight_shapes  {name of a constant: its shape}, output channels first
    """
    total = 0
    for node in nodes:
        weights = [weight_shapes[name] for name in node["inputs"] if len(weight_shapes.get(name, ())) >= 2]
        if weights:
            shape = [batch if dim == "N" else dim for dim in node["outputs"][0]["shape"]]
            total += 2 * prod(shape) * prod(weights[0][1:])
    return total
