"""Which inputs of an operator only steer shapes or the computation itself.

A model on a phone has them as constants; the suite passes them at run time. The suite's inputs at these positions are
given to the compiler with `--constant`.
"""

import onnx

REDUCTIONS = ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare")
WINDOWS = ("BlackmanWindow", "HammingWindow", "HannWindow")

STEERING: dict[str, tuple[int, ...]] = {
    **{f"Reduce{name}": (1,) for name in REDUCTIONS},
    **{name: (0,) for name in WINDOWS},
    "AffineGrid": (1,),
    "CenterCropPad": (1,),
    "Col2Im": (1, 2),
    "ConstantOfShape": (0,),
    "CumProd": (1,),
    "CumSum": (1,),
    "DFT": (1, 2),
    "Dropout": (1, 2),
    "Expand": (1,),
    "If": (0,),
    "Loop": (0, 1),
    "MaxUnpool": (2,),
    "MelWeightMatrix": (0, 1, 2, 3, 4),
    "NonMaxSuppression": (2, 3, 4),
    "OneHot": (1,),
    "Pad": (1, 2, 3),
    "Range": (0, 1, 2),
    "Reshape": (1,),
    "Resize": (1, 2, 3),
    "STFT": (1, 3),
    "Slice": (1, 2, 3, 4),
    "Split": (1,),
    "Squeeze": (1,),
    "Tile": (1,),
    "TopK": (1,),
    "Trilu": (1,),
    "Unsqueeze": (1,),
    "Upsample": (1,),
}


def open_inputs(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    """The inputs without a value of their own; old models list their initializers as inputs too."""
    initializers = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in initializers]


def steering_inputs(model: onnx.ModelProto) -> list[str]:
    """The model's open inputs that one of its nodes takes at a steering position, in the model's order."""
    steering = {
        node.input[position]
        for node in model.graph.node
        if node.domain in ("", "ai.onnx")
        for position in STEERING.get(node.op_type, ())
        if position < len(node.input)
    }
    return [value.name for value in open_inputs(model) if value.name in steering]
