"""How long a library takes from a file in the page cache to a model that can run, each sample in a process of its own.

    python -m peers.loading prepare NAME FOLDER SETTINGS    writes the forms of FOLDER/model.octet and FOLDER/null.octet
    python -m peers.loading time NAME FORM FOLDER SETTINGS

Both print a line of JSON: the names of the forms; {"ready": ns, "first": ns}, first the first run, which some libraries
leave work to. What a library does once in a process (plug-ins, thread pools) is no part of it: a model that does
nothing is loaded and run before. Neither is what a hypervisor does when a guest touches memory that it had given back:
more than anybody needs is written and freed just before the clock starts. SETTINGS as in worker.py.
"""

import json
import mmap
import os
import pathlib
import sys
import time

NULL, MODEL = "null", "model"
BACKED_BYTES = 256 << 20


class Octet:
    def __init__(self, settings):
        from peers.octet_library import Library

        self._library = Library(settings["library"])
        self._features = self._library.features(settings["isa"])

    def prepare(self, folder):
        return ["octet"]

    def file(self, form, folder, name):
        return folder / f"{name}.octet"

    def load(self, form, path, entry, data):
        return self._library.open(path, 1, self._features).runner()


class OnnxRuntime:
    """The ONNX file; what the library itself writes after its optimizations, as ONNX and in its own format."""

    FORMS = ("onnx", "optimized onnx", "optimized ort")

    def __init__(self, settings):
        import onnxruntime

        onnxruntime.set_default_logger_severity(3)
        self._ort = onnxruntime

    def _options(self, optimize):
        options = self._ort.SessionOptions()
        level = self._ort.GraphOptimizationLevel
        options.graph_optimization_level = level.ORT_ENABLE_ALL if optimize else level.ORT_DISABLE_ALL
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        return options

    def prepare(self, folder):
        for name in (NULL, MODEL):
            write_onnx(folder, name)
            for form in self.FORMS[1:]:
                options = self._options(True)
                options.optimized_model_filepath = str(self.file(form, folder, name))
                if form.endswith("ort"):
                    options.add_session_config_entry("session.save_model_format", "ORT")
                self._ort.InferenceSession(str(folder / f"{name}.onnx"), options, providers=["CPUExecutionProvider"])
        return list(self.FORMS)

    def file(self, form, folder, name):
        return folder / f"{name}{'.optimized' if form != 'onnx' else ''}.{form.split()[-1]}"

    def load(self, form, path, entry, data):
        options = self._options(form == "onnx")
        session = self._ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        return lambda: session.run(None, {entry.name: data})


class OpenVino:
    """Its own format, compiled anew and from the cache of compiled models that it keeps."""

    FORMS = ("ir", "ir, model cache")

    def __init__(self, settings):
        import openvino

        self._openvino = openvino
        self._core = openvino.Core()

    def prepare(self, folder):
        for name in (NULL, MODEL):
            write_onnx(folder, name, permute_floats=True)
            model = self._core.read_model(str(folder / f"{name}.onnx"))
            self._openvino.save_model(model, str(folder / f"{name}.xml"), compress_to_fp16=False)
            self.load(self.FORMS[1], folder / f"{name}.xml", None, None)
        return list(self.FORMS)

    def file(self, form, folder, name):
        return folder / f"{name}.xml"

    def load(self, form, path, entry, data):
        config = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1}
        config["ENABLE_CPU_PINNING"] = False
        if "cache" in form:
            config["CACHE_DIR"] = str(path.parent / "openvino-cache")
        request = self._core.compile_model(str(path), "CPU", config).create_infer_request()
        return lambda: request.infer([data])


class Torch:
    """A traced and frozen module of each engine; reading it packs the weights."""

    def __init__(self, settings):
        import torch

        torch.set_num_threads(1)
        self._torch = torch

    def prepare(self, folder):
        import octet.format as fmt
        from peers.torch_peer import ENGINES, Network

        torch, supported = self._torch, self._torch.backends.quantized.supported_engines
        with torch.no_grad():
            for engine in (name for name in ENGINES if name in supported):
                torch.backends.quantized.engine = engine
                for name in (NULL, MODEL):
                    model = fmt.load(folder / f"{name}.octet")
                    example = self._quantized(*example_of(folder, name))
                    traced = torch.jit.trace(Network(model).eval(), [example], check_trace=False)
                    torch.jit.save(torch.jit.freeze(traced), str(self.file(engine, folder, name)))
        return [name for name in ENGINES if name in supported]

    def _quantized(self, entry, data):
        torch = self._torch
        return torch._make_per_tensor_quantized_tensor(torch.from_numpy(data), entry.scale, entry.zero_point)

    def file(self, form, folder, name):
        return folder / f"{name}-{form}.pt"

    def load(self, form, path, entry, data):
        torch = self._torch
        torch.backends.quantized.engine = form
        module = torch.jit.load(str(path)).eval()

        def run():
            with torch.inference_mode():
                module(self._quantized(entry, data))

        return run


LIBRARIES = {"octet": Octet, "onnxruntime": OnnxRuntime, "openvino": OpenVino, "torch": Torch}


def example_of(folder, name):
    """(the model's one input, a stored array of one row for it)."""
    import numpy as np

    import octet.format as fmt

    (entry,) = fmt.load(folder / f"{name}.octet").inputs
    return entry, np.zeros([1 if isinstance(dim, str) else dim for dim in entry.shape], np.uint8)


def write_onnx(folder, name, permute_floats=False):
    import octet.format as fmt
    from peers.onnx_file import onnx_bytes
    from peers.qdq import to_qdq

    model = fmt.load(folder / f"{name}.octet")
    (folder / f"{name}.onnx").write_bytes(onnx_bytes(to_qdq(model, 1, permute_floats)))


def back_memory():
    """Leaves behind free pages, small and huge ones, that the machine below has memory for."""
    for advice in (mmap.MADV_HUGEPAGE, mmap.MADV_NOHUGEPAGE):
        with mmap.mmap(-1, BACKED_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
            try:
                memory.madvise(advice)
            except OSError:
                pass  # a kernel without huge pages
            for place in range(0, BACKED_BYTES, mmap.PAGESIZE):
                memory[place] = 1


def time_loading(library, form, folder):
    """Nanoseconds until the model is ready, and of its first run."""
    clock = time.perf_counter_ns
    for path in folder.iterdir():
        if path.is_file():
            path.read_bytes()  # into the page cache
    library.load(form, library.file(form, folder, NULL), *example_of(folder, NULL))()
    path, example = library.file(form, folder, MODEL), example_of(folder, MODEL)
    back_memory()
    begin = clock()
    run = library.load(form, path, *example)
    ready = clock()
    run()
    return {"ready": ready - begin, "first": clock() - ready}


def main():
    do, name, *form, folder, settings = sys.argv[1:]
    settings, folder = json.loads(settings), pathlib.Path(folder)
    os.sched_setaffinity(0, settings["cpus"])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    if settings["refuse_amx"]:
        from peers.no_amx import refuse_amx

        refuse_amx()
    library = LIBRARIES[name](settings)
    answers.write(json.dumps(library.prepare(folder) if do == "prepare" else time_loading(library, *form, folder)))


if __name__ == "__main__":
    main()
