"""MobileNetV2: Sandler et al., 2018; ReLU in place of ReLU6, as it is usually quantized."""

from torch import nn

from models.blocks import Classifier, conv_bn

#: expansion, channels, repetitions, stride
PLAN = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs, stride, expansion):
        super().__init__()
        hidden = inputs * expansion
        layers = [conv_bn(inputs, hidden, 1, activation=nn.ReLU())] if expansion != 1 else []
        layers.append(conv_bn(hidden, hidden, 3, stride, groups=hidden, activation=nn.ReLU()))
        layers.append(conv_bn(hidden, outputs, 1))
        self.body = nn.Sequential(*layers)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.body(x) if self.residual else self.body(x)


class MobileNetV2(nn.Sequential):
    def __init__(self):
        layers, inputs = [conv_bn(3, 32, 3, 2, activation=nn.ReLU())], 32
        for expansion, outputs, count, stride in PLAN:
            for index in range(count):
                layers.append(InvertedResidual(inputs, outputs, stride if index == 0 else 1, expansion))
                inputs = outputs
        layers.append(conv_bn(inputs, 1280, 1, activation=nn.ReLU()))
        super().__init__(*layers, Classifier(nn.Linear(1280, 1000)))
