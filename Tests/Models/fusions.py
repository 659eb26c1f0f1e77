"""Operators of com.microsoft in every form that has fixed shapes, one model for each operator, against onnxruntime."""

import dataclasses
import functools
import itertools

import numpy as np
import onnx
import onnxruntime
from case import Case
from onnx import TensorProto, helper, numpy_helper

TOLERANCE, HALF_TOLERANCE = 1e-5, 2e-3


@dataclasses.dataclass
class Weight:
    """An operand that the model holds."""

    value: np.ndarray


@dataclasses.dataclass
class Form:
    """One node. An operand is an array, which becomes an input of the model, a Weight, or None if it is left out."""

    operator: str
    operands: list
    attributes: dict = dataclasses.field(default_factory=dict)
    results: tuple[int, ...] = (0,)
    """Which results are read."""
    domain: str = "com.microsoft"
    types: dict[int, int] = dataclasses.field(default_factory=dict)
    """Element types of results that are not float."""
    valid: dict[int, tuple] = dataclasses.field(default_factory=dict)
    """By result, what is compared of it: the rest is unspecified."""
    stands_for: "Form | list[np.ndarray] | None" = None
    """Where onnxruntime's CPU has no kernel for the form: another one that means the same, or its results."""


def model_of(forms: list[Form]) -> tuple[onnx.ModelProto, dict[str, np.ndarray], list[str]]:
    """A model of all forms beside each other, its inputs, and the names of its outputs in order."""
    nodes, weights, feeds, outputs = [], [], {}, []
    for number, form in enumerate(forms):
        prefix = f"{form.operator}_{number}"
        names = []
        for index, operand in enumerate(form.operands):
            name = "" if operand is None else f"{prefix}.{index}"
            if isinstance(operand, Weight):
                weights.append(numpy_helper.from_array(operand.value, name))
            elif operand is not None:
                feeds[name] = operand
            names.append(name)
        results = [f"{prefix}:{index}" if index in form.results else "" for index in range(max(form.results) + 1)]
        types = [form.types.get(index, TensorProto.FLOAT) for index in form.results]
        outputs += [
            helper.make_tensor_value_info(name, type, None) for name, type in zip(filter(None, results), types)
        ]
        nodes.append(
            helper.make_node(form.operator, names, results, name=prefix, domain=form.domain, **form.attributes)
        )
    graph = helper.make_graph(
        nodes,
        "forms",
        [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
            for name, value in feeds.items()
        ],
        outputs,
        weights,
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8), feeds, [output.name for output in outputs]


def expected(form: Form) -> list[np.ndarray]:
    if isinstance(form.stands_for, list):
        return form.stands_for
    model, feeds, outputs = model_of([form.stands_for or form])
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(outputs, feeds)


def cropped(model: onnx.ModelProto, forms: list[Form], outputs: list[str]) -> None:
    """Cuts what is unspecified off the outputs."""
    names = iter(outputs)
    for form in forms:
        for index in form.results:
            name = next(names)
            if index not in form.valid:
                continue
            node = next(node for node in model.graph.node if name in node.output)
            node.output[list(node.output).index(name)] = f"{name}.whole"
            cuts = form.valid[index]
            parts = {
                "starts": [part.start or 0 for part in cuts],
                "ends": [np.iinfo(np.int64).max if part.stop is None else part.stop for part in cuts],
                "axes": list(range(len(cuts))),
            }
            for part, value in parts.items():
                tensor = numpy_helper.from_array(np.array(value, np.int64), f"{name}.{part}")
                model.graph.initializer.append(tensor)
            inputs = [f"{name}.whole", *(f"{name}.{part}" for part in parts)]
            model.graph.node.append(helper.make_node("Slice", inputs, [name]))


def write(folder, name: str, downloads, family, tolerance: float) -> None:
    draw.bit_generator.state = np.random.default_rng(900).bit_generator.state
    forms = family()
    model, feeds, outputs = model_of(forms)
    cropped(model, forms, outputs)
    values = []
    for form in forms:
        for index, value in zip(form.results, expected(form), strict=True):
            values.append(value[form.valid.get(index, ())])
    onnx.save(model, folder / "model.onnx")
    reference_tolerance = max(tolerance, Case.reference_tolerance)
    case = Case(name, model="model.onnx", tolerance=tolerance, reference_tolerance=reference_tolerance)
    case.write(folder, feeds, dict(zip(outputs, values, strict=True)))


# Operands.

draw = np.random.default_rng(900)


def normal(*shape: int, dtype=np.float32) -> np.ndarray:
    return draw.standard_normal(shape).astype(dtype)


def weight(*shape: int, dtype=np.float32) -> Weight:
    return Weight(normal(*shape, dtype=dtype))


def ints(values, dtype=np.int32) -> np.ndarray:
    return np.array(values, dtype)


# Activations and products.


def pointwise() -> list[Form]:
    x, bias = normal(2, 3, 8), weight(8)
    split = normal(2, 3, 16)
    return [
        Form("Gelu", [x]),
        Form("QuickGelu", [x]),
        Form("QuickGelu", [x], {"alpha": 1.5}),
        Form("FastGelu", [x]),
        Form("FastGelu", [x, bias]),
        Form("BiasGelu", [x, bias]),
        Form("BiasAdd", [x, bias, x], stands_for=[x + bias.value + x]),
        Form("BiasSplitGelu", [split, Weight(np.zeros(16, np.float32))], stands_for=[split_gelu(split)]),
    ]


def split_gelu(x: np.ndarray) -> np.ndarray:
    left, right = np.split(x, 2, axis=-1)
    return left * expected(Form("Gelu", [right]))[0]


def matmul() -> list[Form]:
    a, b = normal(2, 3, 4, 5), normal(2, 3, 5, 6)
    forms = [Form("FusedMatMul", [normal(5), weight(5, 6)]), Form("FusedMatMul", [a, Weight(b)], {"alpha": 0.5})]
    for names in itertools.product(*(("", name) for name in ("transA", "transB", "transBatchA", "transBatchB"))):
        left = stored(a, "transA" in names, "transBatchA" in names)
        right = stored(b, "transB" in names, "transBatchB" in names)
        forms.append(Form("FusedMatMul", [left, Weight(right)], {name: 1 for name in names if name}))
    return [*forms, Form("TransposeMatMul", [a, Weight(stored(b, True, False))], {"transB": 1})]


def stored(x: np.ndarray, swapped: bool, moved: bool) -> np.ndarray:
    """As an operand that FusedMatMul arranges."""
    x = x.swapaxes(-1, -2) if swapped else x
    return np.ascontiguousarray(np.moveaxis(x, -2, 0) if moved else x)


def gemm() -> list[Form]:
    a, b, c = normal(3, 4), weight(4, 5), weight(5)
    activations = [
        {"activation": "Relu"},
        {"activation": "LeakyRelu", "activation_alpha": 0.2},
        {"activation": "Tanh"},
        {"activation": "Sigmoid"},
        {"activation": "HardSigmoid", "activation_alpha": 0.1, "activation_beta": 0.4},
        {"activation": "Elu", "activation_alpha": 0.7},
        {"activation": "Softplus"},
        {"activation": "Softsign"},
    ]
    forms = [Form("FusedGemm", [a, b, c], attributes | {"alpha": 0.5, "beta": 2.0}) for attributes in activations]
    forms.append(Form("FusedGemm", [a, Weight(b.value.T.copy())], {"transB": 1, "activation": "Relu"}))
    return forms


def convolution() -> list[Form]:
    x, w, b, z = normal(1, 4, 6, 7), weight(6, 4, 3, 3), weight(6), normal(1, 6, 6, 7)
    window = {"pads": [1, 1, 1, 1], "kernel_shape": [3, 3]}
    plain = expected(Form("FusedConv", [x, w, b], window))[0]
    pool = {"kernel_shape": [2, 3], "strides": [2, 1], "pads": [0, 1, 0, 1]}
    pixels = draw.integers(-128, 128, (1, 6, 7, 4)).astype(np.int8)
    return [
        Form("FusedConv", [x, w, b], window | {"activation": "Relu"}),
        Form("FusedConv", [x, w, b], window | {"activation": "LeakyRelu", "activation_params": [0.3]}),
        Form("FusedConv", [x, w, b], window | {"activation": "Clip", "activation_params": [-1.0, 2.0]}),
        Form("FusedConv", [x, w, b], window | {"activation": "HardSigmoid", "activation_params": [0.1, 0.5]}),
        Form("FusedConv", [x, w, b, z], window | {"activation": "Relu"}),
        Form("FusedConv", [x, w], window | {"activation": "Tanh"}),
        Form("NhwcMaxPool", [pixels], pool, types={0: TensorProto.INT8}),
        Form("NhwcConv", [last(x), Weight(last(w.value)), b], window, stands_for=[last(plain)]),
        Form("NhwcFusedConv", [last(x), w, b, last(z)], window, stands_for=[last(plain + z)]),
    ]


def last(x: np.ndarray) -> np.ndarray:
    """With channels last."""
    return np.ascontiguousarray(np.moveaxis(x, 1, -1))


# Normalizations.


def normalization() -> list[Form]:
    x, skip = normal(2, 3, 8), normal(2, 3, 8)
    gamma, beta, bias = weight(8), weight(8), weight(8)
    return [
        Form("SkipLayerNormalization", [x, skip, gamma, beta, bias], {"epsilon": 1e-3}, (0, 3)),
        Form("SkipLayerNormalization", [x, skip, gamma, beta]),
        Form("SkipLayerNormalization", [x, skip, gamma], {}, (0, 3)),
        Form("SkipLayerNormalization", [x, skip, gamma, None, bias], {}, (0, 3)),
        Form("SkipLayerNormalization", [x, normal(1, 3, 8), gamma, beta]),
        Form("SkipLayerNormalization", [x, normal(3, 8), gamma, beta], {}, (0, 3)),
        Form("SkipSimplifiedLayerNormalization", [x, skip, gamma], {"epsilon": 1e-6}, (0, 3)),
        Form("SkipSimplifiedLayerNormalization", [x, skip, gamma, bias]),
        Form("SkipSimplifiedLayerNormalization", [normal(5, 8), normal(5, 8), gamma]),
        Form("SimplifiedLayerNormalization", [x, gamma], {"axis": -1, "epsilon": 1e-4}, (0, 1), domain=""),
        Form("SimplifiedLayerNormalization", [x, weight(3, 8)], {"axis": 1}, domain=""),
    ]


def groups() -> list[Form]:
    x, skip, gamma, beta, bias = normal(2, 3, 4, 8), normal(2, 8), weight(8), weight(8), weight(8)
    total = x + skip[:, None, None] + bias.value

    def normalized(x: np.ndarray) -> np.ndarray:
        parts = x.reshape(2, 12, 2, 4)
        parts = parts - parts.mean((1, 3), keepdims=True)
        parts = parts / np.sqrt((parts**2).mean((1, 3), keepdims=True) + 1e-3)
        return parts.reshape(x.shape) * gamma.value + beta.value

    two = {"groups": 2, "epsilon": 1e-3}
    swished = normalized(x) / (1 + np.exp(-normalized(x)))
    return [
        Form("GroupNorm", [x, gamma, beta], two | {"activation": 0}, stands_for=[normalized(x)]),
        Form("GroupNorm", [x, gamma, beta], two | {"activation": 1}, stands_for=[swished]),
        Form(
            "SkipGroupNorm", [x, gamma, beta, skip, bias], two | {"activation": 0}, (0, 1),
            stands_for=[normalized(total), total],
        ),
    ]


def embedding() -> list[Form]:
    ids = draw.integers(0, 11, (2, 5)).astype(np.int32)
    segments = draw.integers(0, 2, (2, 5)).astype(np.int32)
    mask = ints([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])
    words, places, kinds = weight(11, 8), weight(9, 8), weight(2, 8)
    norm = [weight(8), weight(8)]
    positions = draw.integers(0, 9, (2, 5)).astype(np.int32)
    name, counts = "EmbedLayerNormalization", {1: TensorProto.INT32}
    return [
        Form(name, [ids, segments, words, places, kinds, *norm, mask], {"epsilon": 1e-5}, (0, 1, 2), types=counts),
        Form(name, [ids, None, words, places, None, *norm], {}, (0, 1), types=counts),
        Form(name, [ids, segments, words, places, kinds, *norm, None, positions], {}, (0, 1), types=counts),
        Form(name, [ids, None, words, places, None, *norm, mask, positions[:1]], {}, (0, 2), types=counts),
    ]


def rotation() -> list[Form]:
    cosine, sine, narrow = weight(16, 4), weight(16, 4), [weight(16, 2), weight(16, 2)]
    ids = ints([[3, 4, 5], [0, 7, 2]], np.int64)
    start = ints([2], np.int64)
    flat, heads = normal(2, 3, 24), normal(2, 3, 3, 8)
    name = "RotaryEmbedding"
    return [
        Form(name, [flat, ids, cosine, sine]),
        Form(name, [flat, start, cosine, sine], {"interleaved": 1}),
        Form(name, [heads, ids, cosine, sine], {"interleaved": 1}),
        Form(name, [heads, start, cosine, sine], {"num_heads": 3, "scale": 2.0}),
        Form(name, [flat, ids, *narrow], {"num_heads": 3, "rotary_embedding_dim": 4}),
        Form(name, [heads, ids, *narrow], {"num_heads": 3, "rotary_embedding_dim": 4, "interleaved": 1}),
        Form(name, [normal(1, 1, 24), ints([[5]], np.int64), cosine, sine]),
    ]


# Attention.

HEADS, WIDTH = 3, 4


def multi_head() -> list[Form]:
    batch, rows, columns = 2, 4, 5
    hidden = HEADS * WIDTH
    q, k, v = normal(batch, rows, hidden), normal(batch, columns, hidden), normal(batch, columns, hidden)
    wide = normal(batch, columns, HEADS * 6)
    bias = weight(3 * hidden)
    past = [normal(batch, HEADS, 3, WIDTH), normal(batch, HEADS, 3, WIDTH)]
    total = 3 + columns

    def form(operands, attributes=None, results=(0,), **more):
        return Form("MultiHeadAttention", operands, {"num_heads": HEADS} | (attributes or {}), results, **more)

    keys = draw.integers(0, 2, (batch, columns)).astype(np.int32)
    keys[:, 0] = 1
    packed = np.stack([x.reshape(batch, rows, HEADS, WIDTH) for x in (q, k[:, :rows], v[:, :rows])], axis=3)
    packed_keys = np.stack([x.reshape(batch, columns, HEADS, WIDTH) for x in (k, v)], axis=3)
    separate = [np.ascontiguousarray(x.reshape(batch, columns, HEADS, WIDTH).swapaxes(1, 2)) for x in (k, v)]
    forms = [
        form([q, k, v]),
        form([q, k, v], {"scale": 0.3}),
        form([q, k, wide]),
        form([q, k, v, bias]),
        form([q, k, wide, weight(2 * hidden + HEADS * 6)]),
        form([q, q, q], {"unidirectional": 1}),
        form([q, k, v, None, keys]),
        form([q, k, v, None, keys], {"mask_filter_value": -2.0}),
        form([q, k, v, None, np.zeros_like(keys)]),
        form([q, k, v, None, draw.integers(0, 2, (batch, rows, columns)).astype(np.int32)]),
        form([q, k, v, None, ints([5, 2])]),
        form([q, k, v, None, None, normal(batch, HEADS, rows, columns)]),
        form([q, k, v, None, None, normal(1, HEADS, rows, columns)]),
        form([q, k, v, bias, keys, normal(batch, 1, rows, columns)]),
        form([q, k, v, None, None, normal(1, 1, rows, columns)]),
        form([q, k, v, None, None, None, *past], {}, (0, 1, 2)),
        form([q, k, v, bias, None, normal(1, HEADS, rows, total), *past], {}, (0, 1, 2)),
        form([q, k, v, None, draw.integers(0, 2, (batch, total)).astype(np.int32), None, *past], {}, (0, 1, 2)),
        form([q, q, q, None, None, None, *past], {"unidirectional": 1}, (0, 1, 2)),
        form([normal(1, 1, hidden)] * 3, {}, (0, 1, 2)),
        form([q, *separate]),
        form([q, *separate, bias]),
        form([packed], stands_for=form([q, k[:, :rows], v[:, :rows]])),
        form([q, packed_keys], stands_for=form([q, k, v])),
        form([q, k, v], {}, (0, 1, 2, 3)),
    ]
    return forms


def projected() -> list[Form]:
    batch, rows, width = 2, 4, 7
    x, hidden = normal(batch, rows, width), HEADS * WIDTH
    w, b = weight(width, 3 * hidden), weight(3 * hidden)
    past = normal(2, batch, HEADS, 3, WIDTH)

    def form(operands, attributes=None, results=(0,), **more):
        return Form("Attention", operands, {"num_heads": HEADS} | (attributes or {}), results, **more)

    mask = ints([[1, 1, 1, 0], [1, 1, 0, 0]])
    square = draw.integers(0, 2, (batch, rows, rows)).astype(np.int32)
    long = draw.integers(0, 2, (batch, rows + 3)).astype(np.int32)
    return [
        form([x, w, b]),
        form([x, w, b, mask]),
        form([x, w, b, mask], {"unidirectional": 1, "scale": 0.4}),
        form([x, w, b, square], {"mask_filter_value": -3.0}),
        form([x, w, b, ints([3, 2])]),
        form([x, w, b, ints([4, 3, 1, 0])]),
        form([x, w, b, np.zeros_like(mask)], {"unidirectional": 1}),
        form([x, w, b, None, None, normal(batch, HEADS, rows, rows)]),
        form([x, w, b, None, None, normal(1, 1, rows, rows)]),
        form([x, w, b, None, past], {"unidirectional": 1}, (0, 1)),
        form([x, w, b, long, past], {}, (0, 1)),
        form([x, w, b, mask], {}, (0, 1)),
        form(
            [x, weight(width, 2 * hidden + HEADS * 5), weight(2 * hidden + HEADS * 5)],
            {"qkv_hidden_sizes": [hidden, hidden, HEADS * 5]},
        ),
        form([x, w, None]),
    ]


def grouped() -> list[Form]:
    count, shared, width = 4, 2, 16
    cosine, sine = weight(32, 8), weight(32, 8)

    def form(
        batch, rows, lengths, total, past=None, attributes=None, extra=(), results=(0, 1, 2), packed=False, **more
    ) -> Form:
        q, k, v = (normal(batch, rows, n * width) for n in (count, shared, shared))
        cache = [None, None]
        if past is not None:
            cache = [normal(batch, shared, past, width) for _ in range(2)]
        operands = [q, k, v] if not packed else [np.concatenate([q, k, v], axis=2), None, None]
        operands += [*cache, ints(lengths), Weight(ints(total)), *extra]
        named = {"num_heads": count, "kv_num_heads": shared} | (attributes or {})
        return Form("GroupQueryAttention", operands, named, results, **more)

    def first(count: int) -> dict[int, tuple]:
        """Positions of the buffers that are in use."""
        return {index: (slice(None), slice(None), slice(count)) for index in (1, 2)}

    rotary = {"do_rotary": 1}
    tables = [cosine, sine]
    return [
        form(1, 5, [4], 5),
        form(2, 5, [4, 4], 5, attributes=rotary, extra=tables),
        form(1, 5, [4], 5, attributes=rotary | {"rotary_interleaved": 1}, extra=tables, packed=True),
        form(2, 5, [4, 2], 5, attributes=rotary, extra=tables, valid={0: (slice(None), slice(3))} | first(3)),
        form(1, 1, [6], 7, past=6, attributes=rotary, extra=tables),
        form(2, 1, [6, 4], 7, past=6, attributes=rotary, extra=tables, valid=first(5)),
        form(2, 1, [6, 3], 7, past=10, attributes=rotary, extra=tables, valid=first(4)),
        form(1, 3, [8], 9, past=6, attributes=rotary, extra=tables),
        form(1, 3, [8], 9, past=12, packed=True, attributes=rotary, extra=tables, valid=first(9)),
        form(1, 5, [4], 5, past=9, valid=first(5)),
        form(1, 1, [6], 7, past=6, attributes={"scale": 0.2, "softcap": 1.5}),
        form(1, 6, [5], 6, attributes={"local_window_size": 2}),
        form(1, 1, [6], 7, past=6, attributes={"local_window_size": 3}),
        form(1, 3, [8], 9, past=6, attributes={"local_window_size": 4}),
        form(1, 4, [3], 4, attributes={"smooth_softmax": 1}),
        form(1, 4, [3], 4, extra=[None, None, None, None, weight(count)]),
        form(1, 4, [3], 4, attributes={"causal": 0}),
        form(1, 4, [3], 4, extra=[None, None, None, normal(1, 1, 4, 4)]),
        form(2, 1, [6, 6], 7, past=6, extra=[None, None, None, normal(2, count, 1, 7)]),
        form(1, 1, [6], 7, past=6, attributes=rotary, extra=[*tables, ints([[3]], np.int64)]),
        form(1, 4, [3], 4, attributes=rotary, extra=[*tables, ints([[2, 3, 4, 5]], np.int64)]),
        form(1, 4, [3], 4, attributes={"qk_output": 1}, results=(0, 1, 2, 3)),
        form(1, 1, [6], 7, past=6, attributes={"qk_output": 2, "softcap": 2.0}, results=(0, 1, 2, 3)),
    ]


# Half precision.


def halves() -> list[Form]:
    """Some of the forms above with operands of half precision."""
    picked = [pointwise()[4:6], gemm()[:1], matmul()[1:4], normalization()[:3], normalization()[6:9]]
    picked += [embedding()[:1], rotation()[:2], multi_head()[3:7], projected()[1:2], grouped()[3:8], grouped()[14:16]]
    return [halved(form) for forms in picked for form in forms]


def halved(form: Form) -> Form:
    def narrow(operand):
        if isinstance(operand, Weight):
            return Weight(narrow(operand.value))
        return operand.astype(np.float16) if operand is not None and operand.dtype == np.float32 else operand

    types = {index: TensorProto.FLOAT16 for index in form.results} | form.types
    return dataclasses.replace(form, operands=[narrow(operand) for operand in form.operands], types=types)


FAMILIES = (
    pointwise, matmul, gemm, convolution, normalization, groups, embedding, rotation, multi_head, projected, grouped,
)
CASES = {
    f"fusions_{family.__name__}": functools.partial(write, family=family, tolerance=TOLERANCE) for family in FAMILIES
} | {"fusions_halves": functools.partial(write, family=halves, tolerance=HALF_TOLERANCE)}
