from __future__ import annotations

from assistant.scheduling.devices import Placement
from assistant.scheduling.figures import Figures, Installed
from assistant.scheduling.jobs import Job, JobKind, Priority, Use
from assistant.scheduling.options import Option, Options, Places
from tests.assistant.scheduling.machines import (
    CPU,
    ENGINES,
    GPU,
    INSTALLED,
    NPU,
    REMOTE,
    figure,
    job,
    options,
)


def _by_device(found: tuple[Option, ...]) -> dict[str, str]:
    return {option.device.id: option.engines["ears"] for option in found}


def test_without_figures_a_model_runs_on_the_processor_with_onnx_runtime() -> None:
    (option,) = options().of(job())
    assert (option.device, option.engines, option.cost) == (CPU, {"ears": "onnxruntime"}, None)


def test_each_device_runs_a_model_on_its_fastest_right_engine() -> None:
    figures = (
        figure("ears", CPU, "onnxruntime", 30),
        figure("ears", CPU, "openvino", 20),
        figure("ears", GPU, "tensorrt", 5),
    )
    assert _by_device(options(figures).of(job())) == {"cpu": "openvino", "gpu": "tensorrt"}


def test_what_is_wrong_is_no_option() -> None:
    figures = (
        figure("ears", CPU, "onnxruntime", 30),
        figure("ears", CPU, "openvino", 20, reason="differs by 0.3"),
        figure("ears", GPU, "tensorrt", 5, reason="differs by 7"),
    )
    assert _by_device(options(figures).of(job())) == {"cpu": "onnxruntime"}


def test_what_was_measured_of_another_file_or_version_does_not_count() -> None:
    figures = Figures([figure("ears", GPU, "tensorrt", 5)])
    devices = {device: ENGINES[device] for device in (CPU, GPU)}
    for digests, runtimes in (
        ({"ears": "another hash"}, INSTALLED.runtimes),
        (INSTALLED.digests, {**INSTALLED.runtimes, "tensorrt": "tensorrt 2"}),
        (INSTALLED.digests, {}),
    ):
        places = Places(devices, figures, Installed(digests, runtimes), {}, ())
        assert _by_device(Options(places).of(job())) == {"cpu": "onnxruntime"}


def test_a_failed_placement_is_left_but_the_last_resort() -> None:
    figures = (figure("ears", CPU, "onnxruntime", 30), figure("ears", GPU, "tensorrt", 5))
    excluded = (Placement("gpu", "tensorrt"), Placement("cpu", "onnxruntime"))
    assert _by_device(options(figures, excluded=excluded).of(job())) == {"cpu": "onnxruntime"}


def test_the_owners_engine_is_used_unless_it_is_wrong_or_has_failed() -> None:
    figures = (figure("ears", CPU, "onnxruntime", 30), figure("ears", CPU, "openvino", 40))
    fixed = {"ears": "openvino"}
    assert _by_device(options(figures, fixed=fixed).of(job())) == {"cpu": "openvino"}
    assert _by_device(options(fixed=fixed).of(job())) == {"cpu": "openvino"}
    wrong = (figure("ears", CPU, "openvino", 40, reason="differs"),)
    assert _by_device(options(wrong, fixed=fixed).of(job())) == {"cpu": "onnxruntime"}
    failed = options(fixed=fixed, excluded=(Placement("cpu", "openvino"),))
    assert _by_device(failed.of(job())) == {"cpu": "onnxruntime"}


def test_all_models_of_a_job_run_on_one_device_each_on_its_own_engine() -> None:
    figures = (
        figure("ears", CPU, "onnxruntime", 30, energy_mj=3),
        figure("ears", CPU, "openvino", 20, energy_mj=2),
        figure("mouth", CPU, "onnxruntime", 4, energy_mj=1),
        figure("mouth", CPU, "openvino", 9, energy_mj=1),
        figure("ears", NPU, "openvino-npu", 1),
    )
    both = Job(JobKind.TTS, (Use("ears"), Use("mouth", 10)), Priority.ROOM)
    (option,) = options(figures).of(both)
    assert option.engines == {"ears": "openvino", "mouth": "onnxruntime"}
    assert option.cost is not None
    assert round(option.cost.p50_s, 6) == 0.060
    assert option.cost.energy_mj == 12


def test_a_remote_device_takes_only_whole_jobs() -> None:
    figures = (figure("ears", CPU, "onnxruntime", 30), figure("asr", REMOTE, "remote", 50))
    there = options(figures, (CPU, REMOTE))
    assert _by_device(there.of(job())) == {"cpu": "onnxruntime"}
    assert _by_device(there.of(job(whole=True))) == {"cpu": "onnxruntime", REMOTE.id: "remote"}


def test_an_engine_in_use_stays_through_a_new_measurement_that_is_not_clear() -> None:
    engines = {CPU: ENGINES[CPU]}

    def measured(before: Options | None, onnxruntime: float, openvino: float) -> Options:
        figures = Figures(
            [
                figure("ears", CPU, "onnxruntime", onnxruntime, noise_ms=1),
                figure("ears", CPU, "openvino", openvino, noise_ms=1),
            ]
        )
        return Options(Places(engines, figures, INSTALLED, {}, ()), before)

    first = measured(None, 20, 20.5)
    assert _by_device(first.of(job())) == {"cpu": "onnxruntime"}
    second = measured(first, 20.5, 20)
    assert _by_device(second.of(job())) == {"cpu": "onnxruntime"}
    assert _by_device(measured(second, 20.5, 19.4).of(job())) == {"cpu": "openvino"}


def test_any_number_of_shapes_of_jobs_is_bounded() -> None:
    there = options()
    for number in range(1000):
        assert there.of(Job(JobKind.ASR, (Use("ears", number),), Priority.ROOM))
    assert len(there._kept) <= 256
