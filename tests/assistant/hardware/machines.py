"""Machines in umockdev's format: for each row of the table a device, with the nodes that its driver makes."""

from __future__ import annotations

from pathlib import Path


def device(
    path: str,
    subsystem: str,
    *,
    driver: str = "",
    node: str = "",
    compatible: tuple[str, ...] = (),
    properties: dict[str, str] | None = None,
    attributes: dict[str, str] | None = None,
) -> str:
    """One device below /sys/devices; `node` is a path below /dev."""
    lines = [f"P: /devices/{path}", f"E: SUBSYSTEM={subsystem}"]
    if node:
        lines += [f"N: {node}", f"E: DEVNAME=/dev/{node}", "E: MAJOR=240", "E: MINOR=0"]
    lines += [f"E: OF_COMPATIBLE_{i}={each}" for i, each in enumerate(compatible)]
    lines += [f"E: OF_COMPATIBLE_N={len(compatible)}"] if compatible else []
    lines += [f"E: {name}={value}" for name, value in (properties or {}).items()]
    lines += [f"A: {name}={value}" for name, value in (attributes or {}).items()]
    lines += [f"L: driver=../../bus/{subsystem}/drivers/{driver}"] if driver else []
    # From a node to its device; ONNX Runtime follows it.
    lines += [f"L: device=../../../{path.split('/')[-3]}"] if subsystem in ("accel", "drm") else []
    return "\n".join(lines) + "\n\n"


def pci(address: str, ids: str, driver: str = "", kind: str = "0x120000") -> str:
    vendor, product = ids.split(":")
    values = {"vendor": f"0x{vendor}", "device": f"0x{product}", "class": kind}
    return device(f"pci0000:00/{address}", "pci", driver=driver, attributes=values)


def accel(parent: str, number: int) -> str:
    return device(f"{parent}/accel/accel{number}", "accel", node=f"accel/accel{number}")


def platform(name: str, driver: str = "", *compatible: str) -> str:
    return device(f"platform/{name}", "platform", driver=driver, compatible=compatible)


def render(parent: str, number: int) -> str:
    return device(f"{parent}/drm/renderD{number}", "drm", node=f"dri/renderD{number}")


def usb(port: str, ids: str, number: int) -> str:
    vendor, product = ids.split(":")
    return device(
        f"pci0000:00/0000:00:14.0/usb1/{port}",
        "usb",
        node=f"bus/usb/001/{number:03}",
        properties={"DEVTYPE": "usb_device"},
        attributes={"idVendor": vendor, "idProduct": product},
    )


def put_node(bed: Path, name: str) -> None:
    """A character device that the kernel's device model does not know."""
    path = bed / "dev" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


CORAL_BEFORE, CORAL_AFTER = "1a6e:089a", "18d1:9302"
INTEL_NPU = pci("0000:00:0b.0", "8086:7d1d", "intel_vpu") + accel("pci0000:00/0000:00:0b.0", 0)
#: Id of the table -> description, place, driver, nodes.
ROWS: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "intel-npu": (INTEL_NPU, "0000:00:0b.0", "intel_vpu", ("accel/accel0",)),
    "amd-xdna": (
        pci("0000:c5:00.1", "1022:17f0", "amdxdna", "0x118000") + accel("pci0000:00/0000:c5:00.1", 1),
        "0000:c5:00.1",
        "amdxdna",
        ("accel/accel1",),
    ),
    "qualcomm-hexagon": (
        device("platform/remoteproc/cdsp", "rpmsg", driver="qcom,fastrpc", compatible=("qcom,fastrpc",))
        + device("virtual/misc/fastrpc-cdsp", "misc", node="fastrpc-cdsp")
        + device("virtual/misc/fastrpc-cdsp-secure", "misc", node="fastrpc-cdsp-secure"),
        "",
        "qcom,fastrpc",
        ("fastrpc-cdsp", "fastrpc-cdsp-secure"),
    ),
    "rockchip-npu-vendor": (
        platform("27700000.npu", "RKNPU", "rockchip,rk3576-rknpu") + render("platform/27700000.npu", 129),
        "",
        "RKNPU",
        ("dri/renderD129",),
    ),
    "rockchip-npu": (
        "".join(platform(f"fda{n}0000.npu", "rocket", "rockchip,rk3588-rknn-core") for n in "bcd")
        + device("platform/rknn", "platform")
        + accel("platform/rknn", 2),
        "",
        "rocket",
        ("accel/accel2",),
    ),
    "hailo-8": (
        pci("0000:01:00.0", "1e60:2864", "hailo")
        + device(
            "virtual/hailo_chardev/hailo0",
            "hailo_chardev",
            node="hailo0",
            attributes={"board_location": "0000:01:00.0"},
        ),
        "0000:01:00.0",
        "hailo",
        ("hailo0",),
    ),
    "hailo-10": (
        pci("0000:02:00.0", "1e60:45c4", "hailo1x")
        + device(
            "virtual/hailo_chardev/hailo1",
            "hailo_chardev",
            node="hailo1",
            attributes={"board_location": "0000:02:00.0"},
        ),
        "0000:02:00.0",
        "hailo1x",
        ("hailo1",),
    ),
    "coral-usb": (usb("1-1", CORAL_BEFORE, 4), "1-1", "", ("bus/usb/001/004",)),
    "coral-pcie": (
        pci("0000:03:00.0", "1ac1:089a", "apex", "0x088000")
        + device("pci0000:00/0000:03:00.0/apex/apex_0", "apex", node="apex_0"),
        "0000:03:00.0",
        "apex",
        ("apex_0",),
    ),
    "nvidia-gpu": (
        pci("0000:04:00.0", "10de:2684", "nvidia", "0x030000")
        + pci("0000:04:00.1", "10de:22ba", "snd_hda_intel", "0x040300"),
        "0000:04:00.0",
        "nvidia",
        ("nvidia0",),
    ),
    "nvidia-jetson": (
        platform("17000000.ga10b", "gk20a", "nvidia,ga10b", "nvidia,gpu"),
        "",
        "gk20a",
        ("nvhost-gpu", "nvmap"),
    ),
    "ethos-u": (
        platform("4a900000.npu", "ethosu", "fsl,imx93-npu", "arm,ethos-u65")
        + accel("platform/4a900000.npu", 3),
        "",
        "ethosu",
        ("accel/accel3",),
    ),
    "ethos-n": (platform("6f300000.ethosn", "ethosn", "ethosn"), "", "ethosn", ("ethosn0",)),
    "mali": (
        platform("fb000000.gpu", "panthor", "rockchip,rk3588-mali", "arm,mali-valhall-csf")
        + render("platform/fb000000.gpu", 130),
        "",
        "panthor",
        ("dri/renderD130",),
    ),
    "adreno": (
        platform("3d00000.gpu", "adreno", "qcom,adreno-660.1", "qcom,adreno")
        + platform("ae01000.display-controller", "msm_dpu", "qcom,sc7280-dpu")
        + render("platform/ae01000.display-controller", 131),
        "",
        "adreno",
        ("dri/renderD131",),
    ),
    "apple-ane": (
        platform("26a000000.ane", "ane", "apple,t8103-ane") + accel("platform/26a000000.ane", 4),
        "",
        "ane",
        ("accel/accel4",),
    ),
    "apple-gpu": (
        platform("206400000.gpu", "asahi", "apple,agx-t8103") + render("platform/206400000.gpu", 132),
        "",
        "asahi",
        ("dri/renderD132",),
    ),
    "verisilicon": (
        platform("38500000.npu", "etnaviv-gpu", "vivante,gc")
        + platform("38008000.gpu", "etnaviv-gpu", "vivante,gc")
        + device("platform/etnaviv", "platform", driver="etnaviv")
        + render("platform/etnaviv", 133),
        "",
        "etnaviv-gpu",
        ("dri/renderD133",),
    ),
}
#: Nodes that drivers of these rows make outside the device model.
PLAIN_NODES = ("nvidia0", "nvidiactl", "nvhost-gpu", "nvmap", "ethosn0")
