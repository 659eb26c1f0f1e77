"""Writes what the time of published networks is made of, as 'ingot explain' counts it, into networks.csv.

    networks.py INGOT networks.csv

The architectures are timm's, with random weights, re-parameterized as they are deployed; each is exported to ONNX and explained
for one target. Networks that timm lacks are left out. Run again when cost terms change; takes a quarter of an hour.
"""
import csv
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Models"))
import torchvision_schemas  # noqa: F401  must come before timm
import timm
import timm.utils
import torch

TARGET = "apple-ane-a15"
# Key in latencies.csv: timm's name, extent of the image, whether without its classifier.
NETWORKS = {
    "mobilenetv2-1.0": ("mobilenetv2_100", 224, False), "mobilenetv2-1.4": ("mobilenetv2_140", 224, False),
    "mobilenetv3-0.75": ("mobilenetv3_large_075", 224, False), "mobilenetv3-1.0": ("mobilenetv3_large_100", 224, False),
    "efficientnet-b0": ("efficientnet_b0", 224, False), "efficientnet-b3": ("efficientnet_b3", 300, False),
    "poolformer-s12": ("poolformer_s12", 224, False), "poolformer-s24": ("poolformer_s24", 224, False),
    "poolformer-s36": ("poolformer_s36", 224, False), "mobilevit-xs": ("mobilevit_xs", 256, False),
    "mobilevit-s": ("mobilevit_s", 256, False), "mobilevitv2-1.0": ("mobilevitv2_100", 256, False),
    "mobilevitv2-1.5": ("mobilevitv2_150", 256, False), "mobilevitv2-2.0": ("mobilevitv2_200", 256, False),
    "swiftformer-xs": ("swiftformer_xs", 224, False), "swiftformer-s": ("swiftformer_s", 224, False),
    "swiftformer-l1": ("swiftformer_l1", 224, False), "swiftformer-l3": ("swiftformer_l3", 224, False),
    "deit-t": ("deit_tiny_patch16_224", 224, False), "deit-s": ("deit_small_patch16_224", 224, False),
    "efficientformer-l1": ("efficientformer_l1", 224, False), "efficientformer-l3": ("efficientformer_l3", 224, False),
    "efficientformerv2-s0": ("efficientformerv2_s0", 224, False), "efficientformerv2-s1": ("efficientformerv2_s1", 224, False),
    "efficientformerv2-s2": ("efficientformerv2_s2", 224, False), "efficientformerv2-l": ("efficientformerv2_l", 224, False),
    "resnet-18": ("resnet18", 224, False), "resnet-50": ("resnet50", 224, False), "convnext-t": ("convnext_tiny", 224, False),
    "convnext-b": ("convnext_base", 224, False),
    "mobileone-s1": ("mobileone_s1", 224, False), "mobileone-s2": ("mobileone_s2", 224, False),
    "mobileone-s3": ("mobileone_s3", 224, False), "mobileone-s4": ("mobileone_s4", 224, False),
    "iformer-t": ("iformer_t", 224, False), "iformer-s": ("iformer_s", 224, False), "iformer-m": ("iformer_m", 224, False),
    "iformer-l": ("iformer_l", 224, False), "iformer-l2": ("iformer_l2", 224, False),
    "repvit-m1.0": ("repvit_m1_0", 224, False), "repvit-m1.1": ("repvit_m1_1", 224, False),
    "repvit-m1.5": ("repvit_m1_5", 224, False), "fastvit-t12": ("fastvit_t12", 256, False),
    "fastvit-sa12": ("fastvit_sa12", 256, False),
    "efficientnet-b0-512": ("efficientnet_b0", 512, True), "resnet-18-512": ("resnet18", 512, True),
    "resnet-50-512": ("resnet50", 512, True), "poolformer-s12-512": ("poolformer_s12", 512, True),
    "poolformer-s24-512": ("poolformer_s24", 512, True), "convnext-t-512": ("convnext_tiny", 512, True),
    "repvit-m1.1-512": ("repvit_m1_1", 512, True), "repvit-m1.5-512": ("repvit_m1_5", 512, True),
    "fastvit-sa12-512": ("fastvit_sa12", 512, True), "fastvit-sa24-512": ("fastvit_sa24", 512, True),
    "iformer-m-512": ("iformer_m", 512, True), "iformer-l-512": ("iformer_l", 512, True),
    "efficientformer-l1-512": ("efficientformer_l1", 512, True), "efficientformer-l3-512": ("efficientformer_l3", 512, True),
}


def export(name, extent, is_backbone, path):
    torch.manual_seed(0)
    options = {"num_classes": 0, "global_pool": ""} if is_backbone else {}
    timm.layers.set_fused_attn(False)
    network = timm.create_model(name, pretrained=False, exportable=True, **options).eval()
    network = timm.utils.reparameterize_model(network)
    with torch.no_grad():
        torch.onnx.export(network, torch.randn(1, 3, extent, extent), path, opset_version=17, dynamo=False)


def main(ingot, output):
    known = {}
    if os.path.exists(output):
        with open(output) as file:
            known = {row["network"]: row for row in csv.DictReader(file)}
    terms = ["ops", "conv_gmacs", "pointwise_gmacs", "depthwise_gmacs", "attention_gmacs", "traffic_mb", "weights_mb",
             "movement_mb", "reduction_mb", "elementwise_mb"]
    for key, (name, extent, is_backbone) in NETWORKS.items():
        if key in known:
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "network.onnx")
            try:
                export(name, extent, is_backbone, path)
                text = subprocess.run([ingot, "explain", path, "--target", TARGET, "--json"], check=True,
                                      capture_output=True, text=True).stdout
            except (subprocess.CalledProcessError, RuntimeError, TypeError, AssertionError, ValueError) as error:
                print(key, "is left out:", getattr(error, "stderr", None) or error, file=sys.stderr)
                continue
        found = json.loads(text)["cost_terms"]
        known[key] = {"network": key, "timm": name, "extent": extent,
                      **{term: f"{found.get(term, 0):.6g}" for term in terms}}
        print(key, known[key], flush=True)
        with open(output, "w", newline="") as file:
            writer = csv.DictWriter(file, ["network", "timm", "extent"] + terms, lineterminator="\n")
            writer.writeheader()
            writer.writerows(known.values())


if __name__ == "__main__":
    main(*sys.argv[1:])
