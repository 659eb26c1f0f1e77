"""Small transformers as onnxruntime's optimizer and its exporters of language models write them."""

import functools

import numpy as np
import onnx
import torch
import torchvision_schemas  # noqa: F401
import transformers
from case import Case
from export import export, onnx_outputs
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.transformers import float16, optimizer
from onnxruntime.transformers.fusion_options import FusionOptions

HALF_TOLERANCE = 4e-3


def written(folder, name: str, feeds: dict[str, np.ndarray], model: onnx.ModelProto, half: bool, needed: set[str]):
    if half:
        model = float16.convert_float_to_float16(model, keep_io_types=True, disable_shape_infer=True)
    found = {node.op_type for node in model.graph.node}
    if needed - found:
        raise SystemExit(f"{name}: the model has no {', '.join(sorted(needed - found))}")
    onnx.save(model, folder / "model.onnx")
    case = Case(name, model="model.onnx", tolerance=1e-5)
    if half:
        case.tolerance = case.reference_tolerance = HALF_TOLERANCE
    case.write(folder, feeds, onnx_outputs(folder / "model.onnx", feeds))


class Encoder(torch.nn.Module):
    """A BERT that is called with its tensors in order."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(91)
        config = transformers.BertConfig(
            vocab_size=64, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
            max_position_embeddings=24, attn_implementation="eager",
        )
        self.bert = transformers.BertModel(config).eval()

    def forward(self, ids, mask, segments):
        return tuple(self.bert(ids, mask, segments, return_dict=False))


def encoder(folder, name: str, downloads, half: bool) -> None:
    generator = np.random.default_rng(92)
    mask = np.ones((2, 9), np.int64)
    mask[1, 6:] = 0
    feeds = {
        "input_ids": generator.integers(0, 64, (2, 9)),
        "attention_mask": mask,
        "token_type_ids": generator.integers(0, 2, (2, 9)),
    }
    plain = folder / "plain.onnx"
    export(Encoder(), feeds, ["states", "summary"], plain)
    fused = optimizer.optimize_model(
        str(plain), "bert", num_heads=4, hidden_size=32, opt_level=0, optimization_options=FusionOptions("bert")
    )
    plain.unlink()
    needed = {"Attention", "SkipLayerNormalization", "BiasGelu"}
    written(folder, name, feeds, fused.model, half, needed)


class Decoder:
    """Nodes and weights of a decoder of two layers, with a cache of keys and values."""

    HIDDEN, HEADS, SHARED, WIDTH, LAYERS, VOCABULARY = 64, 4, 2, 16, 2, 50

    def __init__(self):
        self.generator = np.random.default_rng(93)
        self.nodes, self.weights = [], []

    def weight(self, name: str, *shape: int) -> str:
        """Of a matrix, so that its products keep their size."""
        scale = 1 / np.sqrt(shape[0]) if len(shape) > 1 else 1
        return self.constant(name, (scale * self.generator.standard_normal(shape)).astype(np.float32))

    def constant(self, name: str, value: np.ndarray) -> str:
        self.weights.append(numpy_helper.from_array(value, name))
        return name

    def node(self, operator: str, inputs: list[str], *outputs: str, domain: str = "", **attributes) -> str:
        self.nodes.append(helper.make_node(operator, inputs, outputs, outputs[0], domain=domain, **attributes))
        return outputs[0]

    def microsoft(self, operator: str, inputs: list[str], *outputs: str, **attributes) -> str:
        return self.node(operator, inputs, *outputs, domain="com.microsoft", **attributes)

    def lengths(self) -> tuple[str, str]:
        """Tokens of each sequence less one, and of the longest, out of the mask."""
        ones = self.node("ReduceSum", ["attention_mask", self.constant("axis", np.array([1]))], "ones", keepdims=0)
        less = self.node("Sub", [ones, self.constant("one", np.array(1))], "less")
        shape = self.node("Shape", ["attention_mask"], "mask_shape")
        total = self.node("Gather", [shape, "one"], "total", axis=0)
        return (
            self.node("Cast", [less], "last", to=TensorProto.INT32),
            self.node("Cast", [total], "total_32", to=TensorProto.INT32),
        )

    def rotations(self) -> list[str]:
        angles = np.outer(np.arange(32), 100.0 ** -(np.arange(self.WIDTH // 2) / (self.WIDTH // 2)))
        return [self.constant(f.__name__, f(angles).astype(np.float32)) for f in (np.cos, np.sin)]

    def graph(self, rows: int, past: int) -> tuple[onnx.GraphProto, dict[str, np.ndarray]]:
        feeds = {
            "input_ids": self.generator.integers(0, self.VOCABULARY, (1, rows)),
            "attention_mask": np.ones((1, past + rows), np.int64),
        }
        lengths, tables = self.lengths(), self.rotations()
        table, gamma = self.weight("embedding", self.VOCABULARY, self.HIDDEN), self.weight("norm", self.HIDDEN)
        skip = self.node("Gather", [table, "input_ids"], "embedded")
        x = self.node("SimplifiedLayerNormalization", [skip, gamma], "normed", epsilon=1e-6, axis=-1)
        presents = []
        for layer in range(self.LAYERS):
            cache = [f"past.{layer}.{part}" for part in ("key", "value")]
            for name in cache:
                feeds[name] = self.generator.standard_normal((1, self.SHARED, past, self.WIDTH)).astype(np.float32)
            x, skip = self.layer(layer, x, skip, cache, lengths, tables, presents)
        logits = self.node("MatMul", [x, self.weight("head", self.HIDDEN, self.VOCABULARY)], "logits")
        inputs = [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
            for name, value in feeds.items()
        ]
        outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in (logits, *presents)]
        return helper.make_graph(self.nodes, "decoder", inputs, outputs, self.weights), feeds

    def layer(self, layer: int, x: str, skip: str, cache, lengths, tables, presents: list[str]) -> tuple[str, str]:
        def linear(name: str, x: str, columns: int, rows: int = self.HIDDEN) -> str:
            return self.node("MatMul", [x, self.weight(f"{layer}.{name}.weight", rows, columns)], f"{layer}.{name}")

        def normed(name: str, x: str) -> tuple[str, str]:
            gamma = self.weight(f"{layer}.{name}.weight", self.HIDDEN)
            outputs = [f"{layer}.{name}", "", "", f"{layer}.{name}.sum"]
            self.microsoft("SkipSimplifiedLayerNormalization", [skip, x, gamma], *outputs, epsilon=1e-6)
            return outputs[0], outputs[3]

        packed = linear("qkv", x, (self.HEADS + 2 * self.SHARED) * self.WIDTH)
        outputs = [f"{layer}.attention", *(f"present.{layer}.{part}" for part in ("key", "value"))]
        presents += outputs[1:]
        attended = self.microsoft(
            "GroupQueryAttention", [packed, "", "", *cache, *lengths, *tables], *outputs, num_heads=self.HEADS,
            kv_num_heads=self.SHARED, do_rotary=1, rotary_interleaved=0, local_window_size=-1,
        )
        x, skip = normed("middle", linear("out", attended, self.HIDDEN, self.HEADS * self.WIDTH))
        gate, up = linear("gate", x, 96), linear("up", x, 96)
        swished = self.microsoft("QuickGelu", [gate], f"{layer}.swished", alpha=1.0)
        return normed("end", linear("down", self.node("Mul", [swished, up], f"{layer}.gated"), self.HIDDEN, 96))


def decoder(folder, name: str, downloads, rows: int, past: int, half: bool) -> None:
    graph, feeds = Decoder().graph(rows, past)
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    needed = {"GroupQueryAttention", "SkipSimplifiedLayerNormalization", "SimplifiedLayerNormalization"}
    written(folder, name, feeds, model, half, needed)


CASES = {
    "fused_decoder_prompt": functools.partial(decoder, rows=6, past=0, half=False),
    "fused_decoder_step": functools.partial(decoder, rows=1, past=7, half=False),
    "fused_decoder_step_half": functools.partial(decoder, rows=1, past=7, half=True),
    "fused_encoder": functools.partial(encoder, half=False),
    "fused_encoder_half": functools.partial(encoder, half=True),
}
