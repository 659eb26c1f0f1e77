"""Architectures with seeded random weights, through PyTorch's exporters."""

import functools

import diffusion
import efficientformer
import inputs
import safetensors.torch
import torch
import torchvision_schemas  # noqa: F401
import timm
from case import Case
from export import export, onnx_outputs
from redraw import redraw

EFFICIENTFORMER_SEED = 7
EFFICIENTFORMER_FEEDS = {"image": inputs.image((1, 3, 224, 224), seed=1)}


def exported_case(folder, name, network, feeds, outputs, opset=17):
    """A case that expects what PyTorch itself makes of the inputs."""
    with torch.no_grad():
        results = network(*(torch.from_numpy(value) for value in feeds.values()))
    results = results if isinstance(results, tuple) else (results,)
    export(network, feeds, outputs, folder / "model.onnx", opset)
    expected = {output: result.numpy() for output, result in zip(outputs, results, strict=True)}
    Case(name, model="model.onnx").write(folder, feeds, expected)


def efficientformer_onnx(folder, name, downloads, opset):
    network = efficientformer.seeded("s0", EFFICIENTFORMER_SEED)
    exported_case(folder, name, network, EFFICIENTFORMER_FEEDS, ["logits"], opset)


def efficientformer_checkpoint(folder, name, downloads, authors_names):
    network = efficientformer.seeded("s0", EFFICIENTFORMER_SEED)
    feeds = EFFICIENTFORMER_FEEDS
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


def timm_classifier(folder, name, downloads, seed, size=224):
    torch.manual_seed(seed)
    network = redraw(timm.create_model(name, pretrained=False), seed)
    exported_case(folder, name, network, {"image": inputs.image((1, 3, size, size), seed)}, ["logits"])


def unet(folder, name, downloads, opset):
    exported_case(folder, name, diffusion.unet(seed=31), diffusion.unet_feeds(seed=31), ["noise"], opset)


def vae_decoder(folder, name, downloads):
    feeds = {"latent": inputs.image((1, 4, 16, 16), seed=32)}
    exported_case(folder, name, diffusion.vae_decoder(seed=32), feeds, ["image"])


def text_encoder(folder, name, downloads):
    feeds = diffusion.prompt_feeds(used=23, seed=33)
    exported_case(folder, name, diffusion.text_encoder(seed=33), feeds, ["states", "summary"])


CASES = {
    "efficientformerv2_s0": functools.partial(efficientformer_onnx, opset=17),
    "efficientformerv2_s0_dynamo": functools.partial(efficientformer_onnx, opset=18),
    "efficientformerv2_s0_dynamo23": functools.partial(efficientformer_onnx, opset=23),
    "efficientformerv2_s0_safetensors": functools.partial(efficientformer_checkpoint, authors_names=False),
    "efficientformerv2_s0_pth": functools.partial(efficientformer_checkpoint, authors_names=True),
    "mobilenetv2_100": functools.partial(timm_classifier, seed=21),
    "resnet50": functools.partial(timm_classifier, seed=22),
    "efficientformer_l1": functools.partial(timm_classifier, seed=23),
    "vit_tiny_patch16_224": functools.partial(timm_classifier, seed=24),
    "mobilevitv2_050": functools.partial(timm_classifier, seed=25, size=256),
    "convnext_atto": functools.partial(timm_classifier, seed=26),
    "unet": functools.partial(unet, opset=17),
    "unet_dynamo": functools.partial(unet, opset=18),
    "unet_dynamo23": functools.partial(unet, opset=23),
    "vae_decoder": vae_decoder,
    "text_encoder": text_encoder,
}
