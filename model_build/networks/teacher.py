"""What the untouched base network hears in clean patches: the lessons that its pupil learns from.

Hinton et al., "Distilling the Knowledge in a Neural Network" (2015), here from clean to room.
"""

from pathlib import Path

import numpy as np

from daemon.system.silenced_output import quiet_output
from model_build.networks.yamnet import CLASSES, EMBEDDING, yamnet
from model_build.progress import with_progress
from model_build.run_folder import RunFolder, reserve

_PATCHES_AT_ONCE = 256


def write_lessons(run: RunFolder, side: str, base: Path) -> None:
    """Write embeddings and class logits of one side's clean patches; those are then removed."""
    clean = np.load(run.needed(run.clean_patches(side), "features"), mmap_mode="r")
    windows, per_window = clean.shape[:2]
    with quiet_output():  # TensorFlow greets in C++.
        teacher = yamnet(base)
    whole = (windows, per_window)
    embeddings = reserve(run.teacher_output(side, "embeddings"), np.float16, (*whole, EMBEDDING))
    classes = reserve(run.teacher_output(side, "classes"), np.float16, (*whole, CLASSES))
    step = max(1, _PATCHES_AT_ONCE // per_window)
    for start in with_progress(range(0, windows, step), f"{side} lessons"):
        some = clean[start : start + step]
        said = teacher(some.reshape(-1, *clean.shape[2:]).astype(np.float32), training=False)
        shape = (*some.shape[:2], -1)
        embeddings[start : start + step] = np.asarray(said["embedding"]).reshape(shape)
        classes[start : start + step] = np.asarray(said["logits"]).reshape(shape)
    run.clean_patches(side).unlink()
