"""MobileR2L: the network, the rays of a camera and their positional encoding."""

import functools

import inputs
import numpy as np
import torch
from case import Case
from redraw import redraw
from systems.checkpoint_case import checkpoint_case
from torch import nn

POINTS, FREQUENCIES = 8, 6
ENCODED = 3 * POINTS * (2 * FREQUENCIES + 1)


class Residual(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.Conv2d(channels, channels, 1),
            nn.BatchNorm2d(channels),
            nn.GELU(),
            nn.Conv2d(channels, channels, 1),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x):
        return x + self.conv_block(x)


class Network(nn.Module):
    def __init__(self, blocks: int, width: int, forward_facing: bool):
        super().__init__()
        self.head = nn.Sequential(nn.Conv2d(ENCODED, width, 1), nn.GELU())
        self.body = nn.Sequential(*[Residual(width) for _ in range(blocks)])
        last = {"kernel_size": 3, "stride": 3} if forward_facing else {"kernel_size": 4, "stride": 2, "padding": 1}
        coarse, fine = width // 4, width // 16
        layers = []
        for entering, leaving, options in (
            (width, coarse, {"kernel_size": 4, "stride": 2, "padding": 1}),
            (coarse, coarse, {"kernel_size": 4, "stride": 2, "padding": 1}),
            (coarse, fine, last),
        ):
            layers += [nn.ConvTranspose2d(entering, leaving, **options), Residual(leaving), Residual(leaving)]
        self.tail = nn.Sequential(*layers, nn.Conv2d(fine, 3, 1), nn.Sigmoid())

    def forward(self, encoded):
        x = self.head(encoded)
        return self.tail(self.body(x) + x)


class Sampler(nn.Module):
    """Points [1, 24, rows, columns] of the rays of a camera, as the authors' code makes them: rays to normalized
    device coordinates by the general formulas, points ray by ray."""

    def __init__(self, rows: int, columns: int, forward_facing: bool):
        super().__init__()
        self.rows, self.columns, self.forward_facing = rows, columns, forward_facing

    def forward(self, pose, focal):
        focal = focal[0] / (12 if self.forward_facing else 8)
        v, u = torch.meshgrid(torch.arange(self.rows), torch.arange(self.columns), indexing="ij")
        x, y = (u - self.columns / 2 + 0.5) / focal, -(v - self.rows / 2 + 0.5) / focal
        directions = torch.stack([x, y, -torch.ones_like(x)], -1).reshape(-1, 3) @ pose[:3, :3].T
        origins = pose[:3, 3].expand_as(directions)
        near, far = 2.0, 6.0
        if self.forward_facing:
            origins, directions = self.normalized(origins, directions, focal)
            near, far = 0.0, 1.0
        t = torch.linspace(0, 1, POINTS)
        depths = near * (1 - t) + far * t
        points = origins[:, None, :] + directions[:, None, :] * depths[None, :, None]
        return points.reshape(self.rows, self.columns, 3 * POINTS).permute(2, 0, 1)[None]

    def normalized(self, origins, directions, focal, near=1.0):
        distance = -(near + origins[:, 2]) / directions[:, 2]
        origins = origins + distance[:, None] * directions
        sx, sy = -2 * focal / self.columns, -2 * focal / self.rows
        (ox, oy, oz), (dx, dy, dz) = origins.unbind(-1), directions.unbind(-1)
        start = [sx * ox / oz, sy * oy / oz, 1 + 2 * near / oz]
        along = [sx * (dx / dz - ox / oz), sy * (dy / dz - oy / oz), -2 * near / oz]
        return torch.stack(start, -1), torch.stack(along, -1)


class Embedder(nn.Module):
    """By coordinate, or by frequency as the authors' export for phones."""

    def __init__(self, by_frequency: bool):
        super().__init__()
        self.by_frequency = by_frequency

    def forward(self, points):
        flat = points.flatten(2).transpose(1, 2)  # [batch, rays, 24]
        if self.by_frequency:
            x = flat[:, None]
            angles = torch.cat([x * 2.0**k for k in range(FREQUENCIES)], 1)
            return torch.cat([angles.sin(), angles.cos(), x], 1)
        angles = flat[..., None] * 2.0 ** torch.arange(FREQUENCIES)
        parts = torch.cat([angles.sin(), angles.cos(), flat[..., None]], -1)
        return parts.flatten(2).transpose(1, 2).reshape(len(points), ENCODED, *points.shape[2:])


class Renderer(Network):
    def __init__(self, rows: int, columns: int, blocks: int, width: int, forward_facing: bool):
        super().__init__(blocks, width, forward_facing)
        self.sampler, self.embedder = Sampler(rows, columns, forward_facing), Embedder(by_frequency=False)

    def forward(self, pose, focal):
        return super().forward(self.embedder(self.sampler(pose, focal)))


def seeded(network: nn.Module, seed: int) -> nn.Module:
    """Wide swings before the last layers, so that images are not gray."""
    redraw(network, seed)
    if isinstance(network, Network):
        with torch.no_grad():
            network.tail[9].weight.mul_(3)
    return network


def encoded(rows: int, columns: int, batch: int = 1) -> dict[str, np.ndarray]:
    return {"encoded": inputs.image((batch, ENCODED, rows, columns), seed=41, low=-1, high=1)}


def camera(pose_rows: int, distance: float, focal: float) -> dict[str, np.ndarray]:
    """Somewhat to the right of and above the z axis, looking along it almost."""
    a, b = 0.3, -0.2
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    pose = np.eye(4)
    pose[:3, :3] = about_y @ about_x
    pose[:3, 3] = distance * pose[:3, 2] + [0.1, 0.05, 0]
    return {"pose": pose[:pose_rows].astype(np.float32), "focal": np.array([focal], np.float32)}


def network_case(folder, name, downloads, variant, rows, columns, forward_facing=False, blocks=3, width=32, batch=1):
    torch.manual_seed(40)
    network = seeded(Network(blocks, width, forward_facing), 40)
    dims = {"rows": rows, "columns": columns, "blocks": blocks, "width": width, "batch": batch}
    feeds = encoded(rows, columns, batch)
    checkpoint_case(folder, name, network, feeds, ["image"], "mobiler2l", variant, dims)


def authors_file(folder, name, downloads):
    """The file of the authors' training script, with the optimizer's state and the whole network as an object."""
    torch.manual_seed(42)
    network = seeded(Network(blocks=2, width=16, forward_facing=False), 42)
    feeds = encoded(6, 5)
    with torch.no_grad():
        image = network(torch.from_numpy(feeds["encoded"])).numpy()
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-4)
    saved = {
        "global_step": 200000,
        "best_psnr": 31.5,
        "network_fn_state_dict": network.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
        "scaler": None,
        "network_fn": network,
    }
    torch.save(saved, folder / "checkpoint.tar")
    dims = {"rows": 6, "columns": 5, "blocks": 2, "width": 16}
    case = Case(name, graph="mobiler2l", variant="blender_29", checkpoint="checkpoint.tar", dims=dims)
    case.write(folder, feeds, {"image": image})


def sampler_case(folder, name, downloads, variant, rows, columns, forward_facing, pose_rows):
    feeds = camera(pose_rows, distance=0.2, focal=800) if forward_facing else camera(pose_rows, 4, focal=1111)
    dims = {"rows": rows, "columns": columns, "pose_rows": pose_rows}
    network = Sampler(rows, columns, forward_facing)
    checkpoint_case(folder, name, network, feeds, ["points"], "mobiler2l", variant, dims)


def embedder_case(folder, name, downloads, variant, by_frequency):
    feeds = {"points": inputs.image((1, 3 * POINTS, 9, 7), seed=43, low=-4, high=4)}
    dims = {"rows": 9, "columns": 7}
    checkpoint_case(folder, name, Embedder(by_frequency), feeds, ["encoded"], "mobiler2l", variant, dims)


def renderer_case(folder, name, downloads, variant, rows, columns, forward_facing, blocks=2, width=32, seed=44):
    torch.manual_seed(seed)
    network = seeded(Renderer(rows, columns, blocks, width, forward_facing), seed)
    feeds = camera(3, distance=0.2, focal=800) if forward_facing else camera(3, 4, focal=1111)
    dims = {"rows": rows, "columns": columns, "blocks": blocks, "width": width}
    checkpoint_case(folder, name, network, feeds, ["image"], "mobiler2l", variant, dims)


CASES = {
    "mobiler2l_blender": functools.partial(network_case, variant="blender_28", rows=12, columns=10, batch=2),
    "mobiler2l_llff": functools.partial(network_case, variant="llff_28", rows=9, columns=12, forward_facing=True),
    "mobiler2l_authors_file": authors_file,
    "mobiler2l_blender_sampler": functools.partial(
        sampler_case, variant="blender_sampler", rows=100, columns=100, forward_facing=False, pose_rows=3
    ),
    "mobiler2l_llff_sampler": functools.partial(
        sampler_case, variant="llff_sampler", rows=63, columns=84, forward_facing=True, pose_rows=4
    ),
    "mobiler2l_embedder": functools.partial(embedder_case, variant="embedder", by_frequency=False),
    "mobiler2l_embedder_by_frequency": functools.partial(
        embedder_case, variant="embedder_by_frequency", by_frequency=True
    ),
    "mobiler2l_blender_render": functools.partial(
        renderer_case, variant="blender_render", rows=16, columns=12, forward_facing=False
    ),
    "mobiler2l_llff_render": functools.partial(
        renderer_case, variant="llff_render", rows=9, columns=12, forward_facing=True
    ),
}

LARGE = {
    "mobiler2l_blender_full": functools.partial(
        renderer_case, variant="blender_render", rows=100, columns=100, forward_facing=False, blocks=29, width=256
    ),
    "mobiler2l_llff_full": functools.partial(
        renderer_case, variant="llff_render", rows=63, columns=84, forward_facing=True, blocks=29, width=256
    ),
}
