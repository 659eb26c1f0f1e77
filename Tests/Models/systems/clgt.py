"""CLGT: a graph transformer with features of edges, over the list of edges that there are."""

import functools

import numpy as np
import torch
from redraw import redraw
from systems.checkpoint_case import checkpoint_case
from torch import nn

NODE_FEATURES, EDGE_FEATURES, EIGENVECTORS = 16, 8, 8
NODE_KINDS, EDGE_KINDS = 28, 4


class Attention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.Q = nn.Linear(width, width, bias=False)
        self.K = nn.Linear(width, width, bias=False)
        self.V = nn.Linear(width, width, bias=False)
        self.proj_e = nn.Linear(width, width, bias=False)

    def forward(self, h, e, source, destination):
        by_head = [layer(x).unflatten(-1, (self.heads, -1)) for layer, x in
                   ((self.Q, h), (self.K, h), (self.V, h), (self.proj_e, e))]
        query, key, value, feature = by_head
        score = key[source] * query[destination] / query.shape[-1] ** 0.5 * feature
        weight = score.sum(-1, keepdim=True).clamp(-5, 5).exp()
        sums, total = torch.zeros_like(value), torch.zeros_like(value[..., :1])
        sums.index_add_(0, destination, value[source] * weight)
        total.index_add_(0, destination, weight)
        return (sums / (total + 1e-6)).flatten(1), score.flatten(1), weight.squeeze(-1)


class Layer(nn.Module):
    def __init__(self, width: int, heads: int, batch_norm: bool):
        super().__init__()
        self.attention = Attention(width, heads)
        self.norm = "batch_norm" if batch_norm else "layer_norm"
        for kind in "he":
            self.add_module(f"O_{kind}", nn.Linear(width, width))
            self.add_module(f"FFN_{kind}_layer1", nn.Linear(width, 2 * width))
            self.add_module(f"FFN_{kind}_layer2", nn.Linear(2 * width, width))
            for number in "12":
                norm = nn.BatchNorm1d(width) if batch_norm else nn.LayerNorm(width)
                self.add_module(f"{self.norm}{number}_{kind}", norm)

    def after(self, kind: str, x, y):
        layer = self.get_submodule
        x = layer(f"{self.norm}1_{kind}")(x + layer(f"O_{kind}")(y))
        y = layer(f"FFN_{kind}_layer2")(layer(f"FFN_{kind}_layer1")(x).relu())
        return layer(f"{self.norm}2_{kind}")(x + y)

    def forward(self, h, e, source, destination):
        attended, scores, weights = self.attention(h, e, source, destination)
        return self.after("h", h, attended), self.after("e", e, scores), weights


class ReadOut(nn.Module):
    def __init__(self, width: int, outputs: int):
        super().__init__()
        widths = [width, width // 2, width // 4, outputs]
        self.FC_layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))

    def forward(self, x):
        for layer in self.FC_layers[:-1]:
            x = layer(x).relu()
        return self.FC_layers[-1](x)


READ_OUTS = {
    "nodes": lambda h: h,
    "mean": lambda h: h.mean(0, keepdim=True),
    "sum": lambda h: h.sum(0, keepdim=True),
    "max": lambda h: h.amax(0, keepdim=True),
}


class Network(nn.Module):
    """With `kinds` the public network for molecules: tables of kinds of atoms and bonds, and a read-out of the graph."""

    def __init__(
        self, width: int, heads: int, layers: int, outputs: int, batch_norm: bool, kinds=False, read_out="nodes"
    ):
        super().__init__()
        self.heads = heads
        self.read_out = READ_OUTS[read_out]
        self.embedding_h = nn.Embedding(NODE_KINDS, width) if kinds else nn.Linear(NODE_FEATURES, width)
        self.embedding_lap_pos_enc = nn.Linear(EIGENVECTORS, width)
        self.embedding_e = nn.Embedding(EDGE_KINDS, width) if kinds else nn.Linear(EDGE_FEATURES, width)
        self.layers = nn.ModuleList(Layer(width, heads, batch_norm) for _ in range(layers))
        self.MLP_layer = ReadOut(width, outputs)

    def forward(self, nodes, positions, edge_features, source, destination, mask):
        used = mask > 0
        h = self.embedding_h(nodes) + self.embedding_lap_pos_enc(positions)
        e = self.embedding_e(edge_features[used])
        exported = []
        for layer in self.layers:
            h, e, weights = layer(h, e, source[used], destination[used])
            padded = torch.zeros(len(mask), self.heads)
            padded[used] = weights
            exported.append(padded)
        return self.MLP_layer(self.read_out(h)), *exported


def graph(nodes: int, edges: int, used: int, seed: int, kinds: bool) -> dict[str, np.ndarray]:
    """A random directed graph and eigenvectors of its Laplacian; places of padding lie among the edges and hold
    numbers that must not matter. The last node has no edge."""
    generator = np.random.default_rng(seed)
    pairs = generator.permutation((nodes - 1) * (nodes - 1))[:edges]
    source, destination = pairs // (nodes - 1), pairs % (nodes - 1)
    mask = np.zeros(edges, np.float32)
    mask[generator.permutation(edges)[:used]] = 1
    adjacency = np.zeros((nodes, nodes))
    adjacency[source[mask > 0], destination[mask > 0]] = 1
    adjacency = np.maximum(adjacency, adjacency.T)
    _, vectors = np.linalg.eigh(np.diag(adjacency.sum(0)) - adjacency)
    positions = vectors[:, 1 : 1 + EIGENVECTORS].astype(np.float32)
    if kinds:
        features = {
            "nodes": generator.integers(0, NODE_KINDS, nodes),
            "positions": positions,
            "edge_kinds": generator.integers(0, EDGE_KINDS, edges),
        }
    else:
        features = {
            "nodes": generator.standard_normal((nodes, NODE_FEATURES)).astype(np.float32),
            "positions": positions,
            "edge_features": generator.standard_normal((edges, EDGE_FEATURES)).astype(np.float32),
        }
    return features | {
        "source": source.astype(np.int64),
        "destination": destination.astype(np.int64),
        "mask": mask,
    }


def network_case(
    folder, name, downloads, variant, width, batch_norm, nodes=20, edges=90, heads=8, layers=3, outputs=1, kinds=False,
    read_out="nodes"
):
    torch.manual_seed(50)
    network = redraw(Network(width, heads, layers, outputs, batch_norm, kinds, read_out), 50)
    with torch.no_grad():
        for layer in network.layers:
            # Far enough for the clamp to bite.
            layer.attention.Q.weight.mul_(3)
    dims = {"nodes": nodes, "edges": edges, "heads": heads, "layers": layers, "outputs": outputs}
    results = ["predictions"] + [f"weights_{index}" for index in range(layers)]
    feeds = graph(nodes, edges, used=edges * 2 // 3, seed=51, kinds=kinds)
    options = {} if read_out == "nodes" else {"read_out": read_out}
    dims |= {"width": width}
    checkpoint_case(folder, name, network, feeds, results, "clgt", variant, dims, options=options)


CASES = {
    "clgt_d64": functools.partial(network_case, variant="d64", width=64, batch_norm=False),
    "clgt_d80": functools.partial(network_case, variant="d80", width=80, batch_norm=False, outputs=4),
    "clgt_batch_norm": functools.partial(
        network_case, variant="d64_batch_norm", width=32, batch_norm=True, heads=4, layers=2
    ),
    "clgt_embeddings": functools.partial(
        network_case, variant="d64_embeddings", width=64, batch_norm=False, layers=2, kinds=True
    ),
    "clgt_embeddings_batch_norm": functools.partial(
        network_case, variant="d80_embeddings_batch_norm", width=80, batch_norm=True, kinds=True, read_out="mean"
    ),
    "clgt_embeddings_max": functools.partial(
        network_case, variant="d64_embeddings", width=32, batch_norm=False, layers=2, kinds=True, read_out="max"
    ),
}

LARGE = {
    "clgt_d80_full": functools.partial(
        network_case, variant="d80", width=80, batch_norm=False, nodes=64, edges=512, layers=10
    ),
}
