"""Makes what quality is measured on.

    prepare.py OUTDIR [NETWORK ...] [--missing] [--downloads DIR]

    OUTDIR/NETWORK/model.onnx             in fp32, of fixed shapes
    OUTDIR/NETWORK/calibration/NNNN.npz   one sample a file, arrays named as the inputs
    OUTDIR/NETWORK/test/NNNN.npz          others, that nothing but the measurement may see
    OUTDIR/NETWORK/reference/NNNN.npz     the outputs for each test sample by onnxruntime in fp32
    OUTDIR/NETWORK/network.json           how outputs are compared, and a digest of all of the above
"""

import argparse
import dataclasses
import hashlib
import json
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "Models"))

import networks  # noqa: E402
import numpy as np  # noqa: E402
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
from case import Case  # noqa: E402
from onnxruntime.tools.onnx_model_utils import fix_output_shapes, make_dim_param_fixed  # noqa: E402


def fixed_model(folder: pathlib.Path) -> onnx.ModelProto:
    """The case's model with the sizes that the case fixes."""
    case = Case.read(folder)
    model = onnx.load(folder / "model.onnx")
    for name, size in case.dims.items():
        make_dim_param_fixed(model.graph, name, size)
    for name, shape in case.shapes.items():
        # Set one by one: several axes may have one name, such as "?", and different sizes.
        (given,) = [value for value in model.graph.input if value.name == name]
        for axis, extent in zip(given.type.tensor_type.shape.dim, shape.split(",")):
            axis.dim_value = int(extent)
    # Sizes in between that the export left open are inferred anew.
    del model.graph.value_info[:]
    fix_output_shapes(model)
    return model


def cut_softmax(model: onnx.ModelProto) -> None:
    """Makes the operand of the softmax that gives the only output the output in its place."""
    (output,) = model.graph.output
    kind = "Identity"
    while kind == "Identity":
        (last,) = [node for node in model.graph.node if output.name in node.output]
        kind, output.name = last.op_type, last.input[0]
        model.graph.node.remove(last)
    if kind != "Softmax":
        raise SystemExit(f"the last node is {kind}, expected Softmax")


def weight_count(model: onnx.ModelProto) -> int:
    """Numbers in fp32, as initializers or as constants."""
    constants = [node.attribute[0].t for node in model.graph.node if node.op_type == "Constant"]
    arrays = [*model.graph.initializer, *constants]
    return sum(int(np.prod(array.dims)) for array in arrays if array.data_type == onnx.TensorProto.FLOAT)


def prepare(name: str, folder: pathlib.Path, downloads: pathlib.Path) -> None:
    network = networks.NETWORKS[name]
    made = folder / "made"
    made.mkdir(parents=True)
    network.make(made, name, downloads)
    model = fixed_model(made)
    if network.ends_in_logits:
        cut_softmax(model)
    onnx.checker.check_model(model)
    shutil.rmtree(made)
    path = folder / "model.onnx"
    onnx.save(model, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    outputs = [output.name for output in session.get_outputs()]
    digest = hashlib.sha256(path.read_bytes())
    for part, samples in zip(("calibration", "test"), network.samples(downloads, path)):
        for sub in (part, "reference") if part == "test" else (part,):
            (folder / sub).mkdir()
        for index, feeds in enumerate(samples):
            feeds = {key: np.ascontiguousarray(value) for key, value in feeds.items()}
            np.savez(folder / part / f"{index:04}.npz", **feeds)
            for value in feeds.values():
                digest.update(value.tobytes())
            if part == "test":
                found = dict(zip(outputs, session.run(outputs, feeds)))
                np.savez(folder / "reference" / f"{index:04}.npz", **found)
    parts = network.parts or [networks.Part(index) for index in range(len(outputs))]
    facts = {
        "name": name,
        "development": name in networks.DEVELOPMENT,
        "outputs": outputs,
        "parts": [dataclasses.asdict(part) for part in parts],
        "weights": weight_count(model),
        "digest": digest.hexdigest(),
    }
    (folder / "network.json").write_text(json.dumps(facts, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("outdir", type=pathlib.Path)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"of {', '.join(networks.NETWORKS)}; all when left out")
    parser.add_argument("--missing", action="store_true", help="only networks that are not there yet")
    parser.add_argument("--downloads", type=pathlib.Path, help="where packages are kept (OUTDIR/downloads)")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.networks if name not in networks.NETWORKS]
    if unknown:
        parser.error(f"there is no network {', '.join(unknown)}; there are {', '.join(networks.NETWORKS)}")
    for name in arguments.networks or networks.NETWORKS:
        if arguments.missing and (arguments.outdir / name / "network.json").exists():
            continue
        # Made beside its place and moved, so that an interrupted run leaves no half of a network.
        folder = arguments.outdir / f"{name}.partial"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        prepare(name, folder, arguments.downloads or arguments.outdir / "downloads")
        shutil.rmtree(arguments.outdir / name, ignore_errors=True)
        folder.rename(arguments.outdir / name)
        print(f"{name}: prepared", flush=True)


if __name__ == "__main__":
    main()
