"""What diffusers' schedulers make of a sample, step by step: the record that Tests/GraphsTests/SamplerTests.swift holds
the schedules of Graphs/Samplers to.

    schedules.py             computes it again and compares it with Tests/Golden/Samplers/diffusers.txt
    schedules.py --record    writes that file

The networks are formulas, which the Swift side has too: with y what the network sees,

    discrete and flow schedules    output = sin(y + time / 500) + y / 4
    edm                            output = sin(y + ln(sigma) / 4), preconditioned with sigma_data 0.5
    heun                           output = sin(y + 0.3), y = x / sqrt(sigma^2 + 1), denoised = x - sigma * output

A case is its name, the sample at the start, and for each call of the network what it was told (a time, or the noise
level in edm and heun) and the sample after it.
"""

import argparse
import math
import pathlib

import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EDMEulerScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    HeunDiscreteScheduler,
)

RECORD = pathlib.Path(__file__).resolve().parents[1] / "Golden" / "Samplers" / "diffusers.txt"
# Of the largest value of a case; the schedulers compute in single precision.
TOLERANCE = 1e-6
NOISE = torch.tensor([0.5, -1.25, 2.0], dtype=torch.float64)

STABLE_DIFFUSION = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
PREDICTIONS = {"epsilon": "epsilon", "velocity": "v_prediction", "sample": "sample"}


def discrete(kind, prediction: str, spacing: str, steps: int, **settings):
    offset = 1 if spacing == "leading" else 0
    scheduler = kind(
        **STABLE_DIFFUSION,
        prediction_type=PREDICTIONS[prediction],
        timestep_spacing=spacing,
        steps_offset=offset,
        **settings,
    )
    scheduler.set_timesteps(steps)
    return scheduler, float(scheduler.init_noise_sigma), lambda y, time: torch.sin(y + time / 500) + y / 4


def ddim(prediction: str, spacing: str, steps: int, set_alpha_to_one: bool = False):
    return discrete(
        DDIMScheduler, prediction, spacing, steps, clip_sample=False, set_alpha_to_one=set_alpha_to_one
    )


def dpm(prediction: str, spacing: str, steps: int, **settings):
    return discrete(DPMSolverMultistepScheduler, prediction, spacing, steps, **settings)


def euler(prediction: str, spacing: str, steps: int):
    return discrete(EulerDiscreteScheduler, prediction, spacing, steps)


def edm(steps: int):
    scheduler = EDMEulerScheduler(sigma_min=0.002, sigma_max=80.0, sigma_data=0.5, rho=7.0)
    scheduler.set_timesteps(steps)
    return scheduler, 80.0, lambda y, sigma: torch.sin(y + math.log(sigma) / 4)


def heun(steps: int):
    scheduler = HeunDiscreteScheduler(**STABLE_DIFFUSION, use_karras_sigmas=True)
    scheduler.set_timesteps(steps)
    return scheduler, float(scheduler.init_noise_sigma), lambda y, sigma: torch.sin(y + 0.3)


def flow(sigmas: list[float], shift: float = 1.0):
    scheduler = FlowMatchEulerDiscreteScheduler(shift=shift)
    scheduler.set_timesteps(sigmas=sigmas)
    return scheduler, 1.0, lambda y, time: torch.sin(y + time / 500) + y / 4


CASES = {
    "ddim_epsilon_leading_8": lambda: ddim("epsilon", "leading", 8),
    "ddim_velocity_leading_8": lambda: ddim("velocity", "leading", 8),
    "ddim_epsilon_leading_25": lambda: ddim("epsilon", "leading", 25),
    "ddim_epsilon_trailing_7": lambda: ddim("epsilon", "trailing", 7),
    "ddim_velocity_trailing_8": lambda: ddim("velocity", "trailing", 8),
    "ddim_epsilon_trailing_25": lambda: ddim("epsilon", "trailing", 25),
    "ddim_sample_leading_8": lambda: ddim("sample", "leading", 8),
    "ddim_sample_trailing_6": lambda: ddim("sample", "trailing", 6),
    "ddim_velocity_linspace_5_without_noise": lambda: ddim("velocity", "linspace", 5, set_alpha_to_one=True),
    "dpm_epsilon_linspace_6": lambda: dpm("epsilon", "linspace", 6),
    "dpm_epsilon_leading_20": lambda: dpm("epsilon", "leading", 20),
    "dpm_velocity_trailing_10": lambda: dpm("velocity", "trailing", 10),
    "dpm_velocity_linspace_8_smallest": lambda: dpm("velocity", "linspace", 8, final_sigmas_type="sigma_min"),
    "dpm_epsilon_linspace_16_smallest": lambda: dpm("epsilon", "linspace", 16, final_sigmas_type="sigma_min"),
    "dpm_sample_linspace_7": lambda: dpm("sample", "linspace", 7),
    "euler_epsilon_linspace_7": lambda: euler("epsilon", "linspace", 7),
    "euler_velocity_leading_10": lambda: euler("velocity", "leading", 10),
    "euler_epsilon_trailing_6": lambda: euler("epsilon", "trailing", 6),
    "euler_sample_trailing_6": lambda: euler("sample", "trailing", 6),
    "edm_euler_9": lambda: edm(9),
    "heun_karras_6": lambda: heun(6),
    "flow_4": lambda: flow([1.0, 0.75, 0.5, 0.25]),
    "flow_shifted_4": lambda: flow([1.0, 0.75, 0.5, 0.25], shift=3.0),
}


def run(name: str) -> list[list[float]]:
    """The rows of a case."""
    scheduler, scale, network = CASES[name]()
    x = NOISE * scale
    rows = [x.tolist()]
    for index, time in enumerate(scheduler.timesteps):
        tells_sigma = name.startswith(("edm", "heun"))
        told = float(scheduler.sigmas[index]) if tells_sigma else float(time)
        seen = x if name.startswith("flow") else scheduler.scale_model_input(x, time)
        x = scheduler.step(network(seen, told), time, x, return_dict=False)[0]
        rows.append([told, *x.tolist()])
    return rows


def text(results: dict[str, list[list[float]]]) -> str:
    lines = ["# Written by Tests/Models/schedules.py --record, which says what this is."]
    for name, rows in results.items():
        lines += ["", name] + [" ".join(f"{value:.9g}" for value in row) for row in rows]
    return "\n".join(lines) + "\n"


def read(record: str) -> dict[str, list[list[float]]]:
    blocks = [block.splitlines() for block in record.split("\n\n")[1:]]
    return {lines[0]: [[float(word) for word in line.split()] for line in lines[1:]] for lines in blocks}


def agree(now: list[list[float]], then: list[list[float]]) -> bool:
    if [len(row) for row in now] != [len(row) for row in then]:
        return False
    largest = max(abs(value) for row in now for value in row[-3:])
    told = all(math.isclose(a[0], b[0], rel_tol=TOLERANCE) for a, b in zip(now[1:], then[1:]))
    pairs = ((a, b) for x, y in zip(now, then) for a, b in zip(x[-3:], y[-3:]))
    return told and all(abs(a - b) <= TOLERANCE * largest for a, b in pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--record", action="store_true")
    record = parser.parse_args().record
    results = {name: run(name) for name in CASES}
    if record:
        RECORD.parent.mkdir(parents=True, exist_ok=True)
        RECORD.write_text(text(results))
        return
    then = read(RECORD.read_text())
    wrong = [name for name in results | then if name not in then or not agree(results.get(name, []), then[name])]
    if wrong:
        raise SystemExit(f"diffusers no longer does what {RECORD} says: {', '.join(wrong)}")
    print(f"{len(results)} schedules of diffusers as recorded")


if __name__ == "__main__":
    main()
