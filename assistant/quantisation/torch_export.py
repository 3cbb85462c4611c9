"""PyTorch's own exporter: `python -m assistant.quantisation.torch_export MODEL.pt2 RESULT.onnx`."""

from __future__ import annotations

import sys


def main() -> None:
    """Export an `ExportedProgram`."""
    import torch

    source, target = sys.argv[1:]
    program = torch.onnx.export(torch.export.load(source), dynamo=True, verbose=False)
    program.save(target)


if __name__ == "__main__":
    main()
