"""NNCF's post-training quantization of what `openvino.convert_model` reads. (Models that NNCF reads as ONNX itself lose the
correction of their biases.)

    nncf_peer.py OUTDIR [NETWORK ...] [--method NAME]
"""

import pathlib

import nncf
import numpy as np
import openvino
import results
from nncf.quantization.advanced_parameters import AdvancedQuantizationParameters, OverflowFix

METHODS = {
    "nncf-default": {},
    "nncf-no-overflow-fix": {
        "advanced_parameters": AdvancedQuantizationParameters(overflow_fix=OverflowFix.DISABLE)
    },
    "nncf-transformer": {"model_type": nncf.ModelType.TRANSFORMER},
    "nncf-full-bias-correction": {"fast_bias_correction": False},
}


def quantized(folder: pathlib.Path, settings: dict):
    facts = results.network(folder)
    feeds = results.samples(folder / "calibration")
    source = openvino.convert_model(folder / "model.onnx")
    model = nncf.quantize(source, nncf.Dataset(feeds), subset_size=len(feeds), **settings)
    small = sum(
        int(np.prod(node.get_output_shape(0)))
        for node in model.get_ops()
        if node.get_type_name() == "Constant" and node.get_element_type().get_type_name() in ("i8", "u8")
    )
    # Elsewhere OpenVINO may compute what is left in bf16.
    compiled = openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def run(sample):
        found = compiled(sample)
        return {name: found[index] for index, name in enumerate(facts["outputs"])}

    return run, {"unquantized": max(0.0, 1 - small / facts["weights"])}


if __name__ == "__main__":
    source = f"nncf {nncf.__version__}, openvino {openvino.__version__}"
    results.run_peer(__doc__.split("\n")[0], source, METHODS, quantized)
