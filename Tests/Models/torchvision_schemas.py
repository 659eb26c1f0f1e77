"""Imported before timm: declares two operators without which torchvision, built for CUDA as on PyPI, fails to
import beside a CPU-only PyTorch."""

import torch

_library = torch.library.Library("torchvision", "DEF")
for _name in ("nms", "qnms"):
    _library.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
