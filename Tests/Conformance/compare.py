"""Comparison as the onnx package's own runner does it, for types that Ingot holds in others too."""

import numpy as np

STORED_AS = {
    "FLOAT": "f32",
    "DOUBLE": "f32",
    "FLOAT16": "f16",
    "BFLOAT16": "bf16",
    "FLOAT8E4M3FN": "f32",
    "FLOAT8E4M3FNUZ": "f32",
    "FLOAT8E5M2": "f32",
    "FLOAT8E5M2FNUZ": "f32",
    "FLOAT8E8M0": "f32",
    "FLOAT4E2M1": "f32",
    "INT2": "i8",
    "INT4": "i8",
    "INT8": "i8",
    "INT16": "i16",
    "INT32": "i32",
    "INT64": "i64",
    "UINT2": "u8",
    "UINT4": "u8",
    "UINT8": "u8",
    "UINT16": "i32",
    "UINT32": "i64",
    "UINT64": "i64",
    "BOOL": "bool",
}
"""The element type that an output of ONNX's type has."""

EXACT = {"FLOAT", "FLOAT16", "BFLOAT16", "INT8", "INT16", "INT32", "INT64", "UINT8", "BOOL"}
"""ONNX's types that Ingot has too."""

BFLOAT16_RTOL = 2**-6
"""What the suite's runner allows for bfloat16: two units in the last place."""


def difference(
    found: np.ndarray, element: str, expected: np.ndarray, type: str, rtol: float, atol: float
) -> str | None:
    """How an output, of Ingot's type `element`, differs from what the suite expects of ONNX's `type`, if it does."""
    if element != STORED_AS[type]:
        return f"found elements of type {element}, expected {STORED_AS[type]} for {type}"
    if found.shape != expected.shape:
        return f"found shape {list(found.shape)}, expected {list(expected.shape)}"
    if type == "BFLOAT16":
        rtol = max(rtol, BFLOAT16_RTOL)
    try:
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)
    except AssertionError as error:
        lines = [line.strip() for line in str(error).splitlines()]
        facts = [line for line in lines if line.startswith(("Mismatched", "Max ", "nan location", "inf location"))]
        return "; ".join(facts) or " ".join(lines[:4])
    return None
