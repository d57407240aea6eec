"""What several of the architectures share."""

import torch
from torch import nn


def conv_bn(inputs, outputs, kernel, stride=1, groups=1, activation=None):
    layers = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, *([activation] if activation else []))


def divisible(value, by=8):
    """The multiple of `by` next to `value`, not more than a tenth below it: how both MobileNets round channels."""
    rounded = max(by, int(value + by / 2) // by * by)
    return rounded + by if rounded < 0.9 * value else rounded


class Silu(nn.Module):
    """x * sigmoid(x) as two operators: PyTorch has no quantized SiLU."""

    def __init__(self):
        super().__init__()
        self.sigmoid = nn.Sigmoid()

    def forward(self, x):
        return x * self.sigmoid(x)


class SqueezeExcite(nn.Module):
    def __init__(self, channels, squeezed, activation, gate):
        super().__init__()
        self.average = nn.AdaptiveAvgPool2d(1)
        self.down = nn.Conv2d(channels, squeezed, 1)
        self.activation = activation
        self.up = nn.Conv2d(squeezed, channels, 1)
        self.gate = gate

    def forward(self, x):
        return x * self.gate(self.up(self.activation(self.down(self.average(x)))))


class Classifier(nn.Module):
    """Global average, then linear layers."""

    def __init__(self, *layers):
        super().__init__()
        self.average = nn.AdaptiveAvgPool2d(1)
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(torch.flatten(self.average(x), 1))
