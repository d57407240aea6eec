"""Shapes, guards, names, in-place operators, every supported operator; and errors that name what and where."""

import unittest
import warnings

import torch_tests
from torch_tests import run_model

import torch
import torch.nn.functional as F
from torch import nn

import octet
from octet import ExportError

warnings.simplefilter("ignore")
HERE = "test_export_graphs.py:"


class Function(nn.Module):
    """A module around a function of tensors."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class GraphTest(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(3)

    def check(self, model, *shape, tolerance=0.0, positive=False, **options):
        """Exports with one batch, compares with another, returns the Model."""
        if not isinstance(model, nn.Module):
            model = Function(model)
        model.eval()
        exported = octet.export(model, torch.rand(2, *shape), **options)
        for batch in (1, 3):
            x = torch.rand(batch, *shape) if positive else torch.randn(batch, *shape)
            mine = run_model(exported, x)
            theirs = model(x.clone())
            theirs = theirs if isinstance(theirs, (tuple, list)) else [theirs]
            for a, b in zip(mine, theirs):
                self.assertEqual(a.shape, b.shape)
                self.assertLessEqual((a.dequantize() - b.dequantize()).abs().max().item(), tolerance)
        return exported

    def refused(self, model, *shape, pattern, op=None, location=HERE, **options):
        if not isinstance(model, nn.Module):
            model = Function(model)
        with self.assertRaisesRegex(ExportError, pattern) as caught:
            octet.export(model, torch.rand(2, *shape), **options)
        if op:
            self.assertEqual(caught.exception.op, op)
        if location:
            self.assertIn(location, caught.exception.location)


class Shapes(GraphTest):
    def test_the_batch_stays_open(self):
        def target(function, *shape):
            node = self.check(function, *shape).nodes[-1]
            return node.attributes.get("size", node.attributes.get("shape"))

        self.assertEqual(target(lambda x: x.view(x.size(0), -1), 3, 4), [-1, 12])
        self.assertEqual(target(lambda x: x.view(x.shape[0], 4, 3), 3, 4), [-1, 4, 3])
        self.assertEqual(target(lambda x: x.reshape(-1, 4), 3, 4), [-1, 4])
        self.assertEqual(target(lambda x: x.reshape(x.size(0) * x.size(1), x.size(2)), 3, 4), [-1, 4])
        self.assertEqual(target(lambda x: x.view(len(x), x.shape[1] // 2, -1), 4, 3), [-1, 2, 6])
        self.assertEqual(target(lambda x: x.unsqueeze(1), 3), [-1, 1, 3])
        self.assertEqual(target(lambda x: x.squeeze(1), 1, 3), [-1, 3])

    def test_a_size_that_python_has_taken_is_no_trap(self):
        exported = self.check(lambda x: x.view(int(x.shape[0]), -1), 3, 4)
        self.assertEqual(exported.nodes[0].attributes["size"], [-1, 12])

    def test_channel_shuffle(self):
        def shuffle(x):
            n, c, h, w = x.shape
            return x.view(n, 2, c // 2, h, w).transpose(1, 2).contiguous().view(n, c, h, w)

        exported = self.check(shuffle, 6, 2, 2)
        self.assertEqual([node.op for node in exported.nodes], ["aten::view", "aten::transpose", "aten::view"])

    def test_time_first(self):
        self.check(lambda x: x.transpose(0, 1).reshape(5, -1).view(5, x.size(0), 3).permute(1, 0, 2), 5, 3)

    def test_a_baked_batch_is_refused(self):
        model = torch.jit.trace(Function(lambda x: x.view(2, -1)), torch.rand(2, 4))
        self.refused(model, 4, pattern="baked in", op="aten::view")
        self.refused(Function(lambda x: x.view(4, -1)), 3, pattern="batch of 2.*fixed_batch", location=None)

    def test_a_fixed_batch(self):
        model = Function(lambda x: x.view(4, -1)).eval()
        exported = octet.export(model, torch.rand(2, 6), fixed_batch=True)
        self.assertEqual(exported.inputs[0].shape, (2, 6))
        self.assertEqual(exported.nodes[0].attributes["size"], [4, 3])

    def test_guards_fold(self):
        class Guarded(nn.Module):
            def forward(self, x):
                if x.dim() != 3:
                    raise ValueError("three dimensions")
                if x.size(1) % 2 != 0 or x.size(0) < 1:
                    raise ValueError("even")
                assert x.shape[2] == 3, "three"
                return torch.relu(x)

        for model in (Guarded(), torch.jit.script(Guarded())):
            self.assertEqual(len(self.check(model, 4, 3).nodes), 1)
        with self.assertRaisesRegex(ExportError, "raises for the example"):
            octet.export(torch.jit.script(Guarded()), torch.rand(2, 4, 5))

    def test_a_branch_on_the_batch_is_refused(self):
        class Branch(nn.Module):
            def forward(self, x):
                if x.size(0) > 1:
                    return torch.relu(x)
                return x * 2.0

        self.refused(torch.jit.script(Branch()), 3, pattern="changes with the batch size", op="prim::If")

        class Odd(nn.Module):
            def forward(self, x):
                return torch.relu(x) if x.size(0) % 2 else torch.sigmoid(x)

        self.refused(Odd(), 3, pattern="changes with the batch size")

    def test_a_constant_of_the_batch_size_is_refused(self):
        self.refused(lambda x: x + torch.ones(x.size(0), 3), 3, pattern="depends on the batch size", op="aten::add")


class ControlFlow(GraphTest):
    def test_branches_on_data_are_refused(self):
        class Branch(nn.Module):
            def forward(self, x):
                if bool(x.mean() > 0):
                    return torch.relu(x)
                return x

        self.refused(Branch(), 3, pattern="control flow")

        class Scripted(nn.Module):
            def forward(self, x):
                y = torch.relu(x)
                if bool(y.max() > 0):
                    return y
                return x

        self.refused(torch.jit.script(Scripted()), 3, pattern="aten::max: operator not supported", op="aten::max")
        self.refused(lambda x: x * x.mean().item(), 3, pattern="item")
        self.refused(lambda x: x * float(x.mean()), 3, pattern="__float__")

    def test_loops_are_refused(self):
        class Loop(nn.Module):
            def forward(self, x):
                for _ in range(x.size(1)):
                    x = torch.relu(x)
                return x

        self.refused(torch.jit.script(Loop()), 3, pattern="prim::Loop: this control flow", op="prim::Loop")

    def test_lists_that_grow(self):
        class Grow(nn.Module):
            def forward(self, x):
                parts = [x]
                parts.append(torch.relu(x))
                return torch.cat(parts, 1)

        for model in (Grow(), torch.jit.script(Grow())):
            self.assertEqual(len(self.check(model, 3).nodes), 2)


class Names(GraphTest):
    def test_inputs_after_parameters(self):
        class Two(nn.Module):
            def forward(self, left, right, scale: float = 2.0):
                return left + right * scale

        a, b = torch.rand(2, 3), torch.rand(2, 3)
        for model in (Two(), torch.jit.script(Two())):
            for given in ((a, b), [a, b], {"right": b, "left": a}):
                exported = octet.export(model, given)
                self.assertEqual([value.name for value in exported.inputs], ["left", "right"])
                (mine,) = run_model(exported, a, b)
                self.assertTrue(torch.equal(mine, a + b * 2.0))
        with self.assertRaisesRegex(ExportError, "'middle'"):
            octet.export(Two(), {"middle": a})
        with self.assertRaisesRegex(ExportError, "no example for forward's parameter 'right'"):
            octet.export(Two(), a)
        with self.assertRaisesRegex(ExportError, "of one size"):
            octet.export(Two(), (a, torch.rand(3, 3)))
        with self.assertRaisesRegex(ExportError, "not a tensor"):
            octet.export(Two(), (a, 3))

    def test_an_unused_input_stays(self):
        class Unused(nn.Module):
            def forward(self, x, y):
                return torch.relu(x)

        exported = octet.export(Unused(), (torch.rand(2, 3), torch.rand(2, 4)))
        self.assertEqual([value.name for value in exported.inputs], ["x", "y"])

    def test_outputs(self):
        def names(function, **options):
            return [value.name for value in octet.export(Function(function), torch.rand(2, 3), **options).outputs]

        self.assertEqual(names(lambda x: torch.relu(x)), ["output"])
        self.assertEqual(names(lambda x: (torch.relu(x), x)), ["output_0", "output_1"])
        self.assertEqual(names(lambda x: (torch.relu(x), (x, x + 1.0))), ["output_0", "output_1_0", "output_1_1"])
        self.assertEqual(names(lambda x: {"mean": x, "top": torch.relu(x)}), ["mean", "top"])
        self.assertEqual(names(lambda x: x, input_names=["a"], output_names=["b"]), ["b"])

        class Dict(nn.Module):
            def forward(self, x):
                return {"a": x, "b": torch.relu(x)}

        exported = octet.export(torch.jit.script(Dict()), torch.rand(2, 3))
        self.assertEqual([value.name for value in exported.outputs], ["a", "b"])

    def test_nodes_after_submodules(self):
        model = nn.Sequential()
        model.add_module("first", nn.Linear(3, 4))
        model.add_module("second", nn.Linear(4, 4))
        for module in (model, torch.jit.script(model)):
            exported = octet.export(module, torch.rand(2, 3))
            self.assertEqual([node.name for node in exported.nodes], ["first", "second"])
            self.assertIn("second.weight", [constant.name for constant in exported.constants])

    def test_a_constant_used_twice_is_stored_once(self):
        shared = nn.Linear(4, 4)
        exported = self.check(nn.Sequential(shared, nn.ReLU(), shared), 4)
        self.assertEqual(len(exported.constants), 2)


class InPlace(GraphTest):
    def test_every_name_of_a_tensor_sees_the_change(self):
        def forward(x):
            y = x + 1.0
            z = y.detach()
            F.hardtanh_(y, -0.5, 0.5)
            return z + x

        exported = self.check(forward, 3)
        self.assertEqual([node.op for node in exported.nodes], ["aten::add", "aten::hardtanh", "aten::add"])

    def test_copies_do_not(self):
        def forward(x):
            y = x + 1.0
            z = y.clone()
            return torch.relu_(y) * z

        self.check(forward, 3)

    def test_a_view_of_changed_memory_is_refused(self):
        def forward(x):
            y = x + 1.0
            z = y.view(-1, 1)
            y.relu_()
            return z

        self.refused(forward, 3, pattern="changed in place", location=None)

    def test_variants(self):
        self.check(lambda x: F.hardswish((x * 2.0).relu_(), inplace=True), 3)
        self.check(lambda x: (x * 2.0).add_(x).mul_(x).clamp_(-1, 1), 3)
        self.check(nn.Sequential(nn.Dropout(inplace=True), nn.ReLU6(inplace=True), nn.Hardsigmoid(inplace=True)), 3)


class Operators(GraphTest):
    def test_float(self):
        cases = [
            (nn.Conv2d(4, 6, 3, stride=(2, 1), padding=(1, 0), dilation=2, groups=2), (4, 9, 9)),
            (nn.Conv2d(4, 6, 3, padding="same", dilation=2), (4, 9, 9)),
            (nn.Conv2d(4, 6, 3, padding="valid", bias=False), (4, 9, 9)),
            (lambda x: F.conv2d(x, torch.ones(2, 4, 1, 1)), (4, 3, 3)),
            (nn.Conv1d(4, 6, 3, stride=2, padding=4, dilation=2, groups=2), (4, 19)),
            (nn.Conv1d(4, 6, 5, padding="same", dilation=3), (4, 19)),
            (nn.Conv3d(4, 6, (1, 2, 3), stride=(1, 2, 3), padding=(0, 1, 2), dilation=(3, 2, 1)), (4, 4, 6, 9)),
            (nn.Conv3d(4, 4, 3, padding="same", groups=4), (4, 3, 4, 5)),
            (nn.BatchNorm2d(4, eps=1e-3), (4, 3, 3)),
            (nn.BatchNorm2d(4, affine=False), (4, 3, 3)),
            (nn.Linear(4, 3, bias=False), (5, 4)),
            (nn.MaxPool2d(3, 2, 1, ceil_mode=True), (2, 8, 8)),
            (nn.MaxPool2d((3, 2)), (2, 8, 8)),
            (nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False), (2, 8, 8)),
            (nn.AvgPool2d(2, divisor_override=3), (2, 8, 8)),
            (nn.AdaptiveAvgPool2d((None, 2)), (2, 6, 6)),
            (nn.Hardswish(), (3,)),
            (nn.Softmax(-1), (3,)),
            (nn.Hardtanh(-0.25, 0.75), (3,)),
            (nn.Identity(), (3,)),
            (lambda x: x.clamp(0, 6), (3,)),
            (lambda x: x.mean((2, 3), keepdim=True), (3, 4, 4)),
            (lambda x: x.mean(-1), (3,)),
            (lambda x: x - x.sigmoid(), (3,)),
            (lambda x: torch.sub(x, x.relu(), alpha=2), (3,)),
            (lambda x: x - 0.1, (3,)),
            (lambda x: torch.add(x, torch.arange(3), alpha=0.5), (3,)),
            (lambda x: x * torch.tensor(1.5), (3,)),
            (lambda x: 3 * x, (3,)),
            (lambda x: x @ torch.ones(3, 2), (3,)),
            (lambda x: torch.addmm(torch.ones(2), x, torch.ones(3, 2)), (3,)),
            (lambda x: torch.cat([x, x.relu()], -1), (3,)),
            (lambda x: x.flatten(1, 2), (3, 2, 2)),
            (lambda x: x.to(torch.float32), (3,)),
        ]
        for model, shape in cases:
            with self.subTest(str(model)):
                self.check(model, *shape, tolerance=1e-6)

    def test_quantized(self):
        quantize = torch.quantize_per_tensor
        q = torch.ops.quantized

        def pair(x):
            return quantize(x, 0.05, 60, torch.quint8), quantize(x * 2.0, 0.07, 3, torch.quint8)

        cases = [
            (lambda x: q.add(*pair(x), 0.1, 5), (3, 4, 4)),
            (lambda x: q.add_relu(*pair(x), 0.1, 5), (3, 4, 4)),
            (lambda x: q.mul(*pair(x), 0.1, 5), (3, 4, 4)),
            (lambda x: q.mul_relu(*pair(x), 0.1, 5), (3, 4, 4)),
            (lambda x: q.cat(list(pair(x)), 1, 0.1, 5), (3, 4, 4)),
            (lambda x: q.cat(list(pair(x)), 1, None, None), (3, 4, 4)),
            (lambda x: torch.cat([pair(x)[0], pair(x)[0]], 1), (3, 4, 4)),
            (lambda x: q.relu6(pair(x)[0], False), (3,)),
            (lambda x: q.relu6(pair(x)[0], True), (3,)),
            (lambda x: q.hardswish(pair(x)[0], 0.1, 5), (3,)),
            (lambda x: q.sigmoid(pair(x)[0], 1 / 256, 0), (3,)),
            (lambda x: pair(x)[0].relu(), (3,)),
            (lambda x: F.relu6(pair(x)[0]), (3,)),
            (lambda x: F.hardsigmoid(pair(x)[0]), (3,)),
            (lambda x: F.hardtanh(pair(x)[0], -0.5, 0.5), (3,)),
            (lambda x: torch.sigmoid(pair(x)[0]), (3,)),
            (lambda x: F.max_pool2d(pair(x)[0], 2), (3, 4, 4)),
            (lambda x: q.dropout(pair(x)[0], 0.05, 60, 0.5, False), (3,)),
            (lambda x: q.dropout(pair(x)[0], 0.07, 50, 0.5, False), (3,)),
            (lambda x: F.avg_pool2d(pair(x)[0], 2), (3, 4, 4)),
            (lambda x: F.adaptive_avg_pool2d(pair(x)[0], 1), (3, 4, 4)),
            (lambda x: pair(x)[0].mean([2, 3]), (3, 4, 4)),
            (lambda x: pair(x)[0].flatten(1), (3, 4, 4)),
            (lambda x: quantize(x, 0.1, -3, torch.qint8), (3,)),
            (lambda x: q.add(pair(x)[0], quantize(torch.ones(3), 0.1, 1, torch.quint8), 0.1, 5), (3,)),
        ]
        for index, (function, shape) in enumerate(cases):
            with self.subTest(index):
                self.check(function, *shape)

    def test_per_tensor_weights_and_no_bias(self):
        weight = torch.quantize_per_tensor(torch.randn(6, 4), 0.02, 3, torch.qint8)

        class Packed(nn.Module):
            def __init__(self):
                super().__init__()
                self.packed = torch.ops.quantized.linear_prepack(weight, None)

            def forward(self, x):
                x = torch.quantize_per_tensor(x, 0.05, 60, torch.quint8)
                return torch.ops.quantized.linear_relu(x, self.packed, 0.1, 7)

        exported = self.check(Packed(), 4)
        self.assertIsNone(exported.nodes[1].inputs[2])
        (constant,) = exported.constants
        self.assertEqual((constant.zero_point, constant.scales), (3, None))
        self.assertAlmostEqual(constant.scale, 0.02, 8)

    def test_quantized_convolution_in_one_and_three_dimensions(self):
        q = torch.ops.quantized
        arguments = {
            1: (q.conv1d_prepack, q.conv1d, q.conv1d_relu, [2], [5], [3]),
            3: (q.conv3d_prepack, q.conv3d, q.conv3d_relu, [1, 2, 3], [0, 1, 2], [3, 2, 1]),
        }
        for dims, (prepack, conv, conv_relu, stride, padding, dilation) in arguments.items():
            for run, name in ((conv, f"quantized::conv{dims}d"), (conv_relu, f"quantized::conv{dims}d_relu")):
                with self.subTest(name):
                    weight = torch.quantize_per_tensor(torch.randn(6, 2, *(3, 2, 4)[:dims]), 0.02, 3, torch.qint8)

                    class Packed(nn.Module):
                        def __init__(self):
                            super().__init__()
                            self.packed = prepack(weight, torch.randn(6), stride, padding, dilation, 2)

                        def forward(self, x):
                            return run(torch.quantize_per_tensor(x, 0.05, 60, torch.quint8), self.packed, 0.1, 7)

                    node = self.check(Packed(), 4, *(9, 6, 8)[:dims]).nodes[1]
                    self.assertEqual(node.op, name)
                    given = [node.attributes[key] for key in ("stride", "padding", "dilation", "groups")]
                    self.assertEqual(given, [stride, padding, dilation, 2])

    def test_a_quantized_input(self):
        x = torch.quantize_per_tensor(torch.randn(2, 3), 0.1, 60, torch.quint8)
        exported = octet.export(Function(torch.relu), x)
        self.assertEqual((exported.inputs[0].scale, exported.inputs[0].zero_point), (0.1, 60))
        self.assertEqual(exported.inputs[0].dtype, "quint8")

    def test_weights_in_channels_last_memory(self):
        self.check(nn.Conv2d(4, 3, 3).to(memory_format=torch.channels_last), 4, 6, 6, tolerance=1e-6)

    def test_unsupported(self):
        supported = "aten::log_softmax.*Supported: .*aten::relu"
        self.refused(lambda x: torch.log_softmax(x, 1), 3, pattern=supported, op="aten::log_softmax")
        self.refused(lambda x: x.double() * 2, 3, pattern="float64", op="aten::to")
        self.refused(lambda x: (x > 0) * x, 3, pattern="aten::gt", op="aten::gt")
        self.refused(lambda x: F.dropout(x, 0.5, True), 3, pattern="eval mode", op="aten::dropout")
        self.refused(lambda x: x @ x.t(), 3, pattern="must be a constant|must not depend", op="aten::matmul")
        self.refused(lambda x: torch.softmax(x, 1, dtype=torch.float64), 3, pattern="float64", op="aten::softmax")
        own_statistics = nn.BatchNorm2d(3, track_running_stats=False)
        self.refused(own_statistics, 3, 4, 4, pattern="eval mode", location=".py:")
        reflecting = nn.Conv2d(3, 3, 3, padding=1, padding_mode="reflect")
        self.refused(reflecting, 3, 4, 4, pattern="aten::pad", location=".py:")
        self.refused(nn.Conv2d(3, 3, 2, padding="same"), 3, 4, 4, pattern="not symmetric", location=".py:")
        self.refused(nn.ConvTranspose2d(3, 3, 2), 3, 4, 4, pattern="transpose", location=".py:")
        self.refused(nn.ConvTranspose1d(3, 3, 2), 3, 4, pattern="transpose", location=".py:")
        self.refused(nn.ConvTranspose3d(3, 3, 2), 3, 4, 4, 4, pattern="transpose", location=".py:")
        self.refused(nn.LSTM(3, 4), 3, 3, pattern="aten::lstm", location=".py:")
        with self.assertRaises(TypeError):
            octet.export(lambda x: x, torch.rand(2, 3))

    def test_an_output_that_is_no_tensor(self):
        class Flag(nn.Module):
            def forward(self, x):
                return x, 3

        self.refused(torch.jit.script(Flag()), 3, pattern="'output_1' is int", location=None)
        self.refused(lambda x: (x, None), 3, pattern="[Oo]nly tensors", location=None)


if __name__ == "__main__":
    unittest.main()
