"""octet.export: PyTorch modules to `.octet` files. torch is imported when export is called, not before."""

from octet.exporter.errors import ExportError

__all__ = ["ExportError", "export"]


def export(model, example_inputs, path=None, *, labels=None, input_names=None, output_names=None, fixed_batch=False):
    """Writes `model` to `path` as a `.octet` file and returns what was written as an octet.format.Model.

    model           eager module after torch.ao.quantization.convert, GraphModule after convert_fx, ScriptModule
                    (scripted or traced), or a plain float32 module. It is exported as in eval mode and not changed
    example_inputs  a tensor, a sequence of tensors in the order of forward's parameters, or a dict by their names.
                    Values do not matter; dimension 0 is the batch, of any size, and stays open in the file
    labels          one name per class of the first output's last dimension
    input_names     names instead of forward's parameters'
    output_names    names instead of `output` (a lone tensor), `output_0` ... (a tuple), or a dict's keys
    fixed_batch     keep the example's batch size as the only one

    Raises ExportError for what Octet cannot run, naming the operator and the line of Python it comes from.
    """
    from octet.exporter.torch_export import export_model

    return export_model(model, example_inputs, path, labels, input_names, output_names, fixed_batch)
