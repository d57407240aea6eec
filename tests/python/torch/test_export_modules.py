"""One exporter for eager, FX and TorchScript modules: the file gives what the module gives, for other batches too."""

import copy
import pathlib
import tempfile
import unittest
import warnings

import torch_tests
from torch_tests import calibrated, reduced_range, run_model

import torch
from torch import nn
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

import octet
import octet.format

warnings.simplefilter("ignore")


class Net(nn.Module):
    """Fused and lone layers, a residual, both poolings, dropout, view(size(0), -1)."""

    def __init__(self):
        super().__init__()
        self.quant = torch.ao.quantization.QuantStub()
        self.conv = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(8)
        self.relu = nn.ReLU(inplace=True)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.add = torch.ao.nn.quantized.FloatFunctional()
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(8, 5)
        self.dequant = torch.ao.quantization.DeQuantStub()

    def forward(self, image):
        x = self.relu(self.bn(self.conv(self.quant(image))))
        x = self.add.add_relu(x, self.depthwise(x))
        x = nn.functional.adaptive_avg_pool2d(self.pool(x), (1, 1))
        x = self.drop(x.view(x.size(0), -1))
        return self.dequant(self.fc(x))


class FunctionalNet(nn.Module):
    """The same without stubs, for FX and float."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(8)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.fc = nn.Linear(8, 5)

    def forward(self, image):
        x = torch.relu(self.bn(self.conv(image)))
        x = torch.relu(x + self.depthwise(x))
        x = nn.functional.max_pool2d(x, 2).mean([2, 3])
        x = nn.functional.dropout(x, 0.5, self.training)
        return self.fc(x)


def examples(batch, seed=0):
    return torch.randn(batch, 3, 8, 8, generator=torch.Generator().manual_seed(seed))


class Modules(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(7)

    def eager(self):
        return calibrated(Net(), [(examples(16),)], [["conv", "bn", "relu"]])

    def fx(self):
        mapping = torch.ao.quantization.QConfigMapping().set_global(reduced_range())
        prepared = prepare_fx(FunctionalNet().eval(), mapping, (examples(2),))
        prepared(examples(16))
        return convert_fx(prepared)

    def same(self, model, exported, batch=3):
        x = examples(batch, seed=batch)
        (mine,) = run_model(exported, x)
        with torch.no_grad():
            theirs = model(x)
        self.assertEqual(mine.shape, theirs.shape)
        self.assertTrue(torch.equal(mine, theirs), (mine - theirs).abs().max())

    def test_eager_converted(self):
        model = self.eager()
        exported = octet.export(model, examples(4))
        for batch in (1, 4, 7):
            self.same(model, exported, batch)
        self.assertEqual([value.name for value in exported.inputs], ["image"])
        self.assertEqual(exported.inputs[0].shape, ("N", 3, 8, 8))
        self.assertEqual([value.name for value in exported.outputs], ["output"])
        ops = [node.op for node in exported.nodes]
        self.assertEqual(
            ops,
            [
                "aten::quantize_per_tensor",
                "quantized::conv2d_relu",
                "quantized::conv2d",
                "quantized::add_relu",
                "aten::max_pool2d",
                "aten::adaptive_avg_pool2d",
                "aten::view",
                "quantized::linear",
                "aten::dequantize",
            ],
        )
        view = exported.nodes[6]
        self.assertEqual(view.attributes["size"], [-1, 8])
        self.assertEqual(exported.nodes[2].attributes["groups"], 8)
        weight = next(c for c in exported.constants if c.name == exported.nodes[1].inputs[1])
        self.assertEqual((weight.dtype, weight.axis, len(weight.scales)), ("qint8", 0, 8))

    def test_fx_converted(self):
        model = self.fx()
        exported = octet.export(model, examples(4))
        for batch in (1, 7):
            self.same(model, exported, batch)
        self.assertIn("quantized::add_relu", [node.op for node in exported.nodes])

    def test_scripted_and_traced_give_the_same_as_eager(self):
        model = self.eager()
        wanted = [(node.op, node.attributes) for node in octet.export(model, examples(4)).nodes]
        for kind, script in (
            ("scripted", torch.jit.script(model)),
            ("traced", torch.jit.trace(model, examples(3), check_trace=False)),
            ("frozen", torch.jit.freeze(torch.jit.script(model), optimize_numerics=False)),
        ):
            with self.subTest(kind):
                exported = octet.export(script, examples(1))
                self.assertEqual([(node.op, node.attributes) for node in exported.nodes], wanted)
                self.same(model, exported, 5)
                self.assertEqual(exported.inputs[0].name, "image")

    def test_scripted_fx(self):
        model = self.fx()
        self.same(model, octet.export(torch.jit.script(model), examples(2)))

    def test_saved_and_loaded_scripts(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "m.pt"
            torch.jit.save(torch.jit.script(self.eager()), str(path))
            loaded = torch.jit.load(str(path))
        self.same(loaded, octet.export(loaded, examples(2)))

    def test_float_modules(self):
        model = FunctionalNet().eval()
        model(examples(2))
        for module in (model, torch.jit.script(model), torch.jit.trace(model, examples(2))):
            exported = octet.export(module, examples(2))
            self.same(model, exported)
            ops = [node.op for node in exported.nodes]
            self.assertEqual(ops[:3], ["aten::conv2d", "aten::batch_norm", "aten::relu"])

    def test_weights_packed_by_other_engines(self):
        for engine in ("qnnpack", "onednn", "x86"):
            if engine not in torch.backends.quantized.supported_engines:
                continue
            with self.subTest(engine):
                torch.backends.quantized.engine = engine
                try:
                    model = self.eager()
                finally:
                    torch.backends.quantized.engine = "fbgemm"
                exported = octet.export(model, examples(2))
                x = examples(6)
                (mine,) = run_model(exported, x)
                step = exported.nodes[-2].attributes["Y_scale_i"]
                self.assertLessEqual((mine - model(x)).abs().max().item(), 2.01 * step)

    def test_the_model_is_not_changed(self):
        for model in (Net(), FunctionalNet()):
            model.train()
            model.bn.eval()
            before = copy.deepcopy(model.state_dict())
            octet.export(model, examples(4))
            flags = {name: module.training for name, module in model.named_modules()}
            self.assertEqual(flags.pop("bn"), False)
            self.assertTrue(all(flags.values()))
            for name, value in model.state_dict().items():
                self.assertTrue(torch.equal(value, before[name]), name)
            self.assertTrue(all(parameter.requires_grad for parameter in model.parameters()))
        script = torch.jit.script(FunctionalNet().train())
        text = str(script.graph)
        octet.export(script, examples(2))
        self.assertTrue(script.training)
        self.assertEqual(str(script.graph), text)

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "m.octet"
            exported = octet.export(self.eager(), examples(4), path, labels=list("abcde"))
            read = octet.load(path)
        self.assertEqual(read.nodes, exported.nodes)
        self.assertEqual(read.labels, list("abcde"))
        self.assertIn(torch.__version__.split("+")[0], read.producer)

    def test_the_example_is_not_changed(self):
        x = examples(4)
        kept = x.clone()
        octet.export(nn.Sequential(nn.ReLU(inplace=True)), x)
        self.assertTrue(torch.equal(x, kept))


if __name__ == "__main__":
    unittest.main()
