"""EfficientNet-B0: Tan and Le, Rethinking Model Scaling for Convolutional Neural Networks, 2019, table 1."""

from torch import nn

from models.blocks import Classifier, Silu, SqueezeExcite, conv_bn

#: expansion, channels, repetitions, stride, kernel
PLAN = [
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
]


class MbConv(nn.Module):
    def __init__(self, inputs, outputs, stride, expansion, kernel):
        super().__init__()
        hidden = inputs * expansion
        layers = [conv_bn(inputs, hidden, 1, activation=Silu())] if expansion != 1 else []
        layers.append(conv_bn(hidden, hidden, kernel, stride, groups=hidden, activation=Silu()))
        layers.append(SqueezeExcite(hidden, max(1, inputs // 4), Silu(), nn.Sigmoid()))
        layers.append(conv_bn(hidden, outputs, 1))
        self.body = nn.Sequential(*layers)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.body(x) if self.residual else self.body(x)


class EfficientNetB0(nn.Sequential):
    def __init__(self):
        layers, inputs = [conv_bn(3, 32, 3, 2, activation=Silu())], 32
        for expansion, outputs, count, stride, kernel in PLAN:
            for index in range(count):
                layers.append(MbConv(inputs, outputs, stride if index == 0 else 1, expansion, kernel))
                inputs = outputs
        layers.append(conv_bn(inputs, 1280, 1, activation=Silu()))
        super().__init__(*layers, Classifier(nn.Linear(1280, 1000)))
