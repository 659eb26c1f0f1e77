"""The networks by name, and when a file is made again."""

import pathlib

NETWORKS = ("mobilenet_v1", "mobilenet_v2", "efficientnet_b0", "resnet50", "nasnet_mobile")


def of(words: list[str]) -> list[str]:
    """Those that were asked for, all if none was."""
    unknown = sorted(set(words) - set(NETWORKS))
    if unknown:
        raise SystemExit(f"no network is called {', '.join(unknown)}; there are {', '.join(NETWORKS)}")
    return words or list(NETWORKS)


def is_older(made: pathlib.Path, source: pathlib.Path) -> bool:
    return not made.exists() or made.stat().st_mtime < source.stat().st_mtime
