"""Writes qdq.OnnxGraph with the package `onnx`."""

import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8
TYPES = {"uint8": TensorProto.UINT8, "float32": TensorProto.FLOAT}


def onnx_bytes(graph):
    """The bytes of an ONNX file, checked."""
    nodes = [
        helper.make_node(node.op, node.inputs, node.outputs, name=node.outputs[0], **node.attributes)
        for node in graph.nodes
    ]
    inputs = [helper.make_tensor_value_info(name, TYPES[dtype.name], shape) for name, dtype, shape in graph.inputs]
    outputs = [
        helper.make_tensor_value_info(name, TYPES[dtype.name], [None] * rank) for name, dtype, rank in graph.outputs
    ]
    initializers = [numpy_helper.from_array(array, name) for name, array in graph.initializers.items()]
    model = helper.make_model(
        helper.make_graph(nodes, "octet", inputs, outputs, initializers),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    onnx.checker.check_model(model)
    return model.SerializeToString()
