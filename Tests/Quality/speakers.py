"""Resemblyzer's speaker encoder: three LSTM layers over the mel bands of 1.6 s, then a layer, ReLU and unit length."""

import packages
import torch
from case import Case
from export import export
from torch import nn

BANDS, FRAMES, WIDTH = 40, 160, 256


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(BANDS, WIDTH, 3, batch_first=True)
        self.linear = nn.Linear(WIDTH, WIDTH)

    def forward(self, mels):
        _, (hidden, _) = self.lstm(mels)
        raw = torch.relu(self.linear(hidden[-1]))
        return raw / torch.norm(raw, dim=1, keepdim=True)


def encoder(folder, name, downloads):
    network = Encoder().eval()
    state = torch.load(packages.model_file(name, downloads), map_location="cpu", weights_only=False)["model_state"]
    network.load_state_dict({key: value for key, value in state.items() if not key.startswith("similarity")})
    export(network, {"mels": torch.zeros(1, FRAMES, BANDS).numpy()}, ["embedding"], folder / "model.onnx")
    Case(name, model="model.onnx").save(folder)
