"""Whole models for tests/bench/compare.py: real architectures, random weights of a fixed seed, fit for FX."""

from models.bert_linears import BertLinears
from models.efficientnet import EfficientNetB0
from models.mlp import Mlp
from models.mobilenet_v2 import MobileNetV2
from models.mobilenet_v3 import MobileNetV3Large
from models.resnet import resnet18, resnet50

IMAGE = (3, 224, 224)

#: name -> (function that makes the float module, shape of one row of its input)
MODELS = {
    "resnet18": (resnet18, IMAGE),
    "resnet50": (resnet50, IMAGE),
    "mobilenet_v2": (MobileNetV2, IMAGE),
    "mobilenet_v3_large": (MobileNetV3Large, IMAGE),
    "efficientnet_b0": (EfficientNetB0, IMAGE),
    "mlp": (Mlp, (784,)),
    "bert_base_linears": (BertLinears, (128, 768)),
}
