"""The tensors at which a Piper voice is cut; names are those of the published graph."""

from __future__ import annotations

INPUTS = ("input", "input_lengths", "scales")
#: Latent frames [1, 192, F] before the flow.
FRONT_LATENT = "/Add_output_0"
#: Mask of the frames [1, 1, F]; all ones for a single sentence.
FRONT_MASK = "/Cast_2_output_0"
#: Latent frames [1, 192, F] behind the flow, which the vocoder reads.
FLOW_LATENT = "/Mul_7_output_0"
#: Samples [1, 1, 256 F], float32.
OUTPUT = "output"
