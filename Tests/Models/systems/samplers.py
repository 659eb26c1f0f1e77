"""Every sampler, step by step, against diffusers' schedulers around one small denoiser in PyTorch."""

import functools

import diffusers
import numpy as np
import torch
from case import Case
from systems import text_to_image
import safetensors.torch


def dpm_solver(**changes):
    return diffusers.DPMSolverMultistepScheduler.from_config(text_to_image.PUBLISHED_SCHEDULER | changes)


def euler(**changes):
    return diffusers.EulerDiscreteScheduler.from_config(text_to_image.PUBLISHED_SCHEDULER | changes)


def flow():
    return diffusers.FlowMatchEulerDiscreteScheduler()


def sampler(folder, name, downloads, variant, scheduler, steps, guidance=5.0, options=None):
    sizes = text_to_image.Sizes()
    network = text_to_image.unet(sizes, 71)
    generator = np.random.default_rng(71)
    feeds = {
        "noise": generator.standard_normal((1, 4, sizes.size, sizes.size)).astype(np.float32),
        "context": generator.standard_normal((1, sizes.tokens, sizes.context)).astype(np.float32),
        "empty_context": generator.standard_normal((1, sizes.tokens, sizes.context)).astype(np.float32),
        "guidance": np.array(guidance, np.float32),
    }
    scheduler = scheduler()
    if isinstance(scheduler, diffusers.FlowMatchEulerDiscreteScheduler):
        # Equal steps from 1; diffusers' own choice ends at 1 ÷ 1000.
        scheduler.set_timesteps(sigmas=[1 - step / steps for step in range(steps)])
    else:
        scheduler.set_timesteps(steps)
    contexts = torch.from_numpy(np.concatenate([feeds["empty_context"], feeds["context"]]))
    samples = []
    with torch.no_grad():
        sample = torch.from_numpy(feeds["noise"]) * getattr(scheduler, "init_noise_sigma", 1.0)
        for time in scheduler.timesteps:
            both = torch.cat([sample, sample])
            seen = scheduler.scale_model_input(both, time) if hasattr(scheduler, "scale_model_input") else both
            plain, prompted = network(seen, time, contexts, return_dict=False)[0].chunk(2)
            sample = scheduler.step(plain + guidance * (prompted - plain), time, sample, return_dict=False)[0]
            samples.append(sample.numpy())
    safetensors.torch.save_file(text_to_image.state(network), folder / "checkpoint.safetensors")
    dims = {key: getattr(sizes, key) for key in ("size", "width", "context", "tokens")} | {"steps": steps}
    case = Case(
        name,
        graph="samplers",
        variant=variant,
        checkpoint="checkpoint.safetensors",
        dims=dims,
        options=options or {},
    )
    case.write(folder, feeds, {"latent": samples[-1], "samples": np.stack(samples)})


CASES = {
    f"sampler_{variant}": functools.partial(sampler, variant=variant, scheduler=scheduler, steps=steps)
    for variant, scheduler, steps in (
        ("ddim_epsilon", functools.partial(text_to_image.ddim, 6), 6),
        ("ddim_velocity", functools.partial(text_to_image.ddim, 6, prediction_type="v_prediction"), 6),
        ("ddim_two_calls", functools.partial(text_to_image.ddim, 3), 3),
        ("dpm_solver", dpm_solver, 6),
        ("euler", euler, 6),
        ("flow", flow, 4),
    )
} | {
    "sampler_ddim_sample_trailing": functools.partial(
        sampler,
        variant="ddim_epsilon",
        scheduler=functools.partial(text_to_image.ddim, 4, prediction_type="sample", timestep_spacing="trailing"),
        steps=4,
        options={"prediction": "sample", "spacing": "trailing"},
    ),
    "sampler_dpm_solver_velocity": functools.partial(
        sampler,
        variant="dpm_solver",
        scheduler=functools.partial(dpm_solver, prediction_type="v_prediction"),
        steps=4,
        options={"prediction": "velocity"},
    ),
    "sampler_euler_sample": functools.partial(
        sampler,
        variant="euler",
        scheduler=functools.partial(euler, prediction_type="sample"),
        steps=4,
        options={"prediction": "sample"},
    ),
}
