"""The teacher of a distillation: the unchanged base network, applied to clean sound.

Hinton et al., "Distilling the Knowledge in a Neural Network" (2015). Here the student learns the
teacher's outputs for clean sound from the sound of a room.
"""

from pathlib import Path

import numpy as np

from model_build.networks.quiet_keras import import_keras
from model_build.networks.yamnet import CLASSES, EMBEDDING
from model_build.networks.yamnet_network import build_yamnet
from model_build.progress import with_progress
from model_build.run_folder import RunFolder, reserve

_PATCHES_AT_ONCE = 256


def write_teacher_outputs(run: RunFolder, side: str, base: Path) -> None:
    """Write embeddings and class logits of one side's clean patches; then delete the patches.

    Raises InputError if the patches are missing or `base` is not YAMNet.
    """
    clean = np.load(run.needed(run.clean_patches(side), "features"), mmap_mode="r")
    windows, per_window = clean.shape[:2]
    import_keras()
    import tensorflow as tf

    teach = tf.function(build_yamnet(base), reduce_retracing=True)
    whole = (windows, per_window)
    embeddings = reserve(run.teacher_output(side, "embeddings"), np.float16, (*whole, EMBEDDING))
    classes = reserve(run.teacher_output(side, "classes"), np.float16, (*whole, CLASSES))
    step = max(1, _PATCHES_AT_ONCE // per_window)
    for start in with_progress(range(0, windows, step), f"{side} teacher outputs"):
        some = clean[start : start + step]
        patches = some.reshape(-1, *clean.shape[2:]).astype(np.float32)
        outputs = teach(patches)
        shape = (*some.shape[:2], -1)
        embeddings[start : start + step] = np.asarray(outputs["embedding"]).reshape(shape)
        classes[start : start + step] = np.asarray(outputs["logits"]).reshape(shape)
    run.clean_patches(side).unlink()
