"""ResNet-18 and ResNet-50 v1.5 (stride on the 3x3): He et al., Deep Residual Learning for Image Recognition, 2015."""

import torch
from torch import nn

from models.blocks import Classifier, conv_bn


class Residual(nn.Module):
    def __init__(self, body, shortcut):
        super().__init__()
        self.body = body
        self.shortcut = shortcut

    def forward(self, x):
        return torch.relu(self.body(x) + (x if self.shortcut is None else self.shortcut(x)))


def basic(inputs, width, stride):
    body = nn.Sequential(conv_bn(inputs, width, 3, stride, activation=nn.ReLU()), conv_bn(width, width, 3))
    return body, width


def bottleneck(inputs, width, stride):
    body = nn.Sequential(
        conv_bn(inputs, width, 1, activation=nn.ReLU()),
        conv_bn(width, width, 3, stride, activation=nn.ReLU()),
        conv_bn(width, 4 * width, 1),
    )
    return body, 4 * width


def resnet(block, counts):
    layers = [conv_bn(3, 64, 7, 2, activation=nn.ReLU()), nn.MaxPool2d(3, 2, 1)]
    inputs = 64
    for stage, count in enumerate(counts):
        for index in range(count):
            stride = 2 if stage and not index else 1
            body, outputs = block(inputs, 64 << stage, stride)
            shortcut = conv_bn(inputs, outputs, 1, stride) if stride != 1 or inputs != outputs else None
            layers.append(Residual(body, shortcut))
            inputs = outputs
    return nn.Sequential(*layers, Classifier(nn.Linear(inputs, 1000)))


def resnet18():
    return resnet(basic, (2, 2, 2, 2))


def resnet50():
    return resnet(bottleneck, (3, 4, 6, 3))
