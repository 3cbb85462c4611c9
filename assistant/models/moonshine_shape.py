"""Sizes of Moonshine tiny and the names of our graphs' tensors, shared by writer and reader.

Sizes are those of the published configuration (useful-sensors/moonshine, tiny).
"""

from __future__ import annotations

LAYERS = 6
WIDTH = 288
HEADS = 8
HEAD_WIDTH = WIDTH // HEADS
#: Rotary embedding turns the first 32 of a head's 36 dimensions, interleaved, with base 10000.
ROTARY_WIDTH = 32
ROTARY_BASE = 10_000.0
#: 1 / sqrt(36)
ATTENTION_SCALE = 1.0 / 6.0
LAYER_NORM_EPSILON = 1e-5
FEED_FORWARD = 4 * WIDTH
VOCABULARY = 32_768
START_TOKEN = 1
END_TOKEN = 2

#: The convolutions have kernel/stride 127/64, 7/3 and 3/2, so one encoder frame covers 384 samples
#: (24 ms) and T frames need exactly 384 T + 640 samples.
FRAME_SAMPLES = 384
EDGE_SAMPLES = 640

#: Positions of the encoder: 30 s are 1250 frames.
MAX_FRAMES = 1_280
#: Positions of the decoder.
MAX_TOKENS = 256

#: Cross-attention keys and values: outputs of the encoder, inputs of the decoder, [1, 8, T, 36].
CROSS = tuple(f"cross_{kind}{layer}" for layer in range(LAYERS) for kind in ("key", "value"))
#: Self-attention keys and values going into a step and coming out of it, [B, 8, P, 36].
PAST = tuple(f"past_{kind}{layer}" for layer in range(LAYERS) for kind in ("key", "value"))
PRESENT = tuple(f"present_{kind}{layer}" for layer in range(LAYERS) for kind in ("key", "value"))


def padded_length(samples: int) -> int:
    """Smallest length the encoder takes that holds that many samples."""
    frames = max(1, -(-(samples - EDGE_SAMPLES) // FRAME_SAMPLES))
    return frames * FRAME_SAMPLES + EDGE_SAMPLES
