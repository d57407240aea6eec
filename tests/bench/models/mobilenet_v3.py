"""MobileNetV3-large: Howard et al., Searching for MobileNetV3, 2019, table 1."""

from torch import nn

from models.blocks import Classifier, SqueezeExcite, conv_bn, divisible

#: kernel, expanded channels, channels, squeeze and excite, activation, stride
PLAN = [
    (3, 16, 16, False, nn.ReLU, 1),
    (3, 64, 24, False, nn.ReLU, 2),
    (3, 72, 24, False, nn.ReLU, 1),
    (5, 72, 40, True, nn.ReLU, 2),
    (5, 120, 40, True, nn.ReLU, 1),
    (5, 120, 40, True, nn.ReLU, 1),
    (3, 240, 80, False, nn.Hardswish, 2),
    (3, 200, 80, False, nn.Hardswish, 1),
    (3, 184, 80, False, nn.Hardswish, 1),
    (3, 184, 80, False, nn.Hardswish, 1),
    (3, 480, 112, True, nn.Hardswish, 1),
    (3, 672, 112, True, nn.Hardswish, 1),
    (5, 672, 160, True, nn.Hardswish, 2),
    (5, 960, 160, True, nn.Hardswish, 1),
    (5, 960, 160, True, nn.Hardswish, 1),
]


class Block(nn.Module):
    def __init__(self, inputs, kernel, hidden, outputs, excite, activation, stride):
        super().__init__()
        layers = [conv_bn(inputs, hidden, 1, activation=activation())] if hidden != inputs else []
        layers.append(conv_bn(hidden, hidden, kernel, stride, groups=hidden, activation=activation()))
        if excite:
            layers.append(SqueezeExcite(hidden, divisible(hidden // 4), nn.ReLU(), nn.Hardsigmoid()))
        layers.append(conv_bn(hidden, outputs, 1))
        self.body = nn.Sequential(*layers)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.body(x) if self.residual else self.body(x)


class MobileNetV3Large(nn.Sequential):
    def __init__(self):
        layers, inputs = [conv_bn(3, 16, 3, 2, activation=nn.Hardswish())], 16
        for kernel, hidden, outputs, excite, activation, stride in PLAN:
            layers.append(Block(inputs, kernel, hidden, outputs, excite, activation, stride))
            inputs = outputs
        layers.append(conv_bn(inputs, 960, 1, activation=nn.Hardswish()))
        super().__init__(*layers, Classifier(nn.Linear(960, 1280), nn.Hardswish(), nn.Linear(1280, 1000)))
