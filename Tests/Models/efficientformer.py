"""timm's EfficientFormerV2 with random weights, and the same weights under the authors' names."""

import re

import torch
import torchvision_schemas  # noqa: F401
import timm
from redraw import redraw
from torch import nn


def seeded(variant: str, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return redraw(timm.create_model(f"efficientformerv2_{variant}", pretrained=False), seed)


_RENAMES = [
    (r"^stem\.conv1\.conv", "patch_embed.0"),
    (r"^stem\.conv1\.bn", "patch_embed.1"),
    (r"^stem\.conv2\.conv", "patch_embed.3"),
    (r"^stem\.conv2\.bn", "patch_embed.4"),
    (r"^stages\.3\.downsample\.conv\.(conv|bn)", r"network.5.\1"),
    (r"^stages\.3\.downsample\.attn", "network.5.attn"),
    (r"^stages\.([12])\.downsample\.conv\.conv", lambda m: f"network.{2 * int(m[1]) - 1}.proj"),
    (r"^stages\.([12])\.downsample\.conv\.bn", lambda m: f"network.{2 * int(m[1]) - 1}.norm"),
    (r"^stages\.(\d)\.blocks", lambda m: f"network.{2 * int(m[1])}"),
    (r"\.mlp\.(fc1|mid|fc2)\.conv", r".mlp.\1"),
    (r"\.mlp\.fc1\.bn", ".mlp.norm1"),
    (r"\.mlp\.mid\.bn", ".mlp.mid_norm"),
    (r"\.mlp\.fc2\.bn", ".mlp.norm2"),
    (r"\.q\.local\.", ".q.local.0."),
    (r"\.q\.proj\.conv", ".q.proj.0"),
    (r"\.q\.proj\.bn", ".q.proj.1"),
    (r"\.(attn|token_mixer)\.proj\.conv", r".\1.proj.1"),
    (r"\.(attn|token_mixer)\.proj\.bn", r".\1.proj.2"),
    (r"\.(stride_conv|q|k|v|v_local)\.conv\.", r".\1.0."),
    (r"\.(stride_conv|q|k|v|v_local)\.bn\.", r".\1.1."),
    (r"\.ls([12])\.gamma$", r".layer_scale_\1"),
    (r"^head_dist\.", "dist_head."),
]


def authors_state(network: nn.Module) -> dict[str, torch.Tensor]:
    """The network's state as the authors' repository saves it: their names, index buffers and scale shapes."""
    state = {}
    for name, tensor in network.state_dict().items():
        for pattern, replacement in _RENAMES:
            name = re.sub(pattern, replacement, name)
        state[name] = tensor[:, None, None].clone() if "layer_scale" in name else tensor.clone()
    for module_name, module in network.named_modules():
        if hasattr(module, "attention_bias_idxs"):
            name = "network.5.attn" if "downsample" in module_name else re.sub(
                r"^stages\.(\d)\.blocks", lambda m: f"network.{2 * int(m[1])}", module_name
            )
            state[f"{name}.attention_bias_idxs"] = module.attention_bias_idxs.clone()
    return state
