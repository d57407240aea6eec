"""liboctet by ctypes: a model opened, a session bound, `oct_session_run` called. See engine/include/octet/session.h."""

import ctypes
from ctypes import POINTER, byref, c_bool, c_char, c_char_p, c_int, c_int64, c_size_t, c_uint, c_uint64, c_void_p

import numpy as np


class Error(ctypes.Structure):
    _fields_ = [("status", c_int), ("position", c_int64), ("where", c_char * 160), ("message", c_char * 480)]


class PlanOptions(ctypes.Structure):
    _fields_ = [
        ("allocator", c_void_p),
        ("max_rows", c_int64),
        ("budget_bytes", c_uint64),
        ("cpu_features", c_uint64),
        ("reference_only", c_bool),
        ("no_rewrite", c_bool),
    ]


class ModelOptions(ctypes.Structure):
    _fields_ = [
        ("plan", PlanOptions),
        ("registry", c_void_p),
        ("max_file_bytes", c_uint64),
        ("skip_golden", c_bool),
    ]


class StepInfo(ctypes.Structure):
    _fields_ = [
        ("kernel", c_char_p),
        ("class_f", c_bool),
        ("state_bytes", c_uint64),
        ("scratch_bytes", c_uint64),
    ]


class Yardstick(ctypes.Structure):
    _fields_ = [
        ("name", c_char_p),
        ("isa", c_char_p),
        ("macs_per_turn", c_uint64),
        ("least_macs_per_cycle", c_uint64),
        ("dots", ctypes.CFUNCTYPE(None, c_uint64)),
        ("read", c_void_p),
    ]


_FUNCTIONS = {
    "oct_yardstick_select": (Yardstick, c_uint64),
    "oct_version": (c_char_p,),
    "oct_error_format": (c_size_t, POINTER(Error), c_char_p, c_size_t),
    "oct_cpu_detect": (c_uint64,),
    "oct_cpu_mask_parse": (c_int, c_char_p, POINTER(c_uint64), POINTER(Error)),
    "oct_cpu_isa_name": (c_char_p, c_uint64),
    "oct_model_options_default": (ModelOptions,),
    "oct_model_open": (c_int, c_char_p, POINTER(ModelOptions), POINTER(c_void_p), POINTER(Error)),
    "oct_model_close": (None, c_void_p),
    "oct_model_plan": (c_void_p, c_void_p),
    "oct_plan_input_count": (c_size_t, c_void_p),
    "oct_plan_output_count": (c_size_t, c_void_p),
    "oct_plan_step_count": (c_size_t, c_void_p),
    "oct_plan_step": (StepInfo, c_void_p, c_size_t),
    "oct_session_create": (c_int, c_void_p, POINTER(c_void_p), POINTER(Error)),
    "oct_session_destroy": (None, c_void_p),
    "oct_session_bind": (c_int, c_void_p, c_void_p, c_int64, POINTER(Error)),
    "oct_session_input": (c_void_p, c_void_p, c_size_t, POINTER(c_size_t)),
    "oct_session_run": (None, c_void_p, c_void_p),
    "oct_session_output": (c_void_p, c_void_p, c_size_t, POINTER(c_size_t)),
}


class Library:
    def __init__(self, path):
        self._library = ctypes.CDLL(str(path))
        for name, (result, *arguments) in _FUNCTIONS.items():
            function = getattr(self._library, name)
            function.restype, function.argtypes = result, arguments
            setattr(self, name.removeprefix("oct_"), function)

    def check(self, status, error):
        if status != 0:
            text = ctypes.create_string_buffer(1024)
            self.error_format(byref(error), text, len(text))
            raise RuntimeError(f"octet: {text.value.decode()}")

    def features(self, isa):
        """What kernels may use: everything here, or at most level `isa`."""
        mask = c_uint64(2**64 - 1)
        if isa:
            error = Error(position=-1)
            self.check(self.cpu_mask_parse(isa.encode(), byref(mask), byref(error)), error)
        return self.cpu_detect() & mask.value

    def open(self, path, rows, features):
        return Session(self, path, rows, features)


class Session:
    """A model file bound for a batch of `rows`. `run` is the bare call of oct_session_run."""

    def __init__(self, library, path, rows, features):
        self._library = library
        self._model, self._session = c_void_p(), c_void_p()
        error = Error(position=-1)
        options = library.model_options_default()
        options.plan.max_rows = rows
        options.plan.cpu_features = features
        status = library.model_open(str(path).encode(), byref(options), byref(self._model), byref(error))
        library.check(status, error)
        library.check(library.session_create(None, byref(self._session), byref(error)), error)
        self._plan = library.model_plan(self._model)
        library.check(library.session_bind(self._session, self._plan, rows, byref(error)), error)

    def kernels(self):
        """Names of the plan's kernels, in order."""
        count = self._library.plan_step_count(self._plan)
        return [self._library.plan_step(self._plan, index).kernel.decode() for index in range(count)]

    def runner(self, executor=None):
        """A function without arguments that runs the session once. @param executor  address of a struct oct_executor"""
        run, session = self._library.session_run, self._session
        return lambda: run(session, executor)

    def write(self, inputs):
        for index, array in enumerate(inputs):
            n_bytes = c_size_t()
            address = self._library.session_input(self._session, index, byref(n_bytes))
            stored = np.ascontiguousarray(array)
            if n_bytes.value != stored.nbytes:
                raise RuntimeError(f"octet: input {index} has {n_bytes.value} bytes, {stored.nbytes} given")
            ctypes.memmove(address, stored.ctypes.data, stored.nbytes)

    def read(self, dtype):
        """The bytes of output 0 as a rank-1 array."""
        n_bytes = c_size_t()
        address = self._library.session_output(self._session, 0, byref(n_bytes))
        return np.frombuffer(ctypes.string_at(address, n_bytes.value), dtype).copy()

    def close(self):
        self._library.session_destroy(self._session)
        self._library.model_close(self._model)
        self._session = self._model = None


class Team:
    """Threads lent to runs, pinned to `cpus`, the calling one included: server/pool/team.h as a library of its own."""

    def __init__(self, path, cpus, library):
        self._team = c_void_p()
        self._library = ctypes.CDLL(str(path))
        create, self._destroy = self._library.oct_team_create, self._library.oct_team_destroy
        create.argtypes = [c_size_t, POINTER(c_uint), c_size_t, POINTER(c_void_p), POINTER(Error)]
        self._destroy.restype, self._destroy.argtypes = None, [c_void_p]
        executor = self._library.oct_team_executor
        executor.restype, executor.argtypes = c_void_p, [c_void_p]
        error = Error(position=-1)
        pins = (c_uint * len(cpus))(*cpus)
        library.check(create(len(cpus), pins, len(cpus), byref(self._team), byref(error)), error)
        #: Address of a struct oct_executor.
        self.executor = executor(self._team)

    def close(self):
        self._destroy(self._team)
        self._team = None
