"""ACPI tables that make Debian's stock kernel govern clocks, heat, supply and firmware limits in plain QEMU.

QEMU's DMA page registers (ports 0x81 to 0x8f) keep what is written to them, so they serve as P-state
registers which the monitor can read, and as knobs which it can turn; see docs/power.md.
"""

from __future__ import annotations

#: MHz and milliwatts of both clusters; the register holds MHz / 100.
LITTLE = ((1800, 2000), (1200, 1000), (600, 300))
BIG = ((2400, 9000), (1800, 5000), (1200, 2500), (600, 900))
#: Ports: P-state of each cluster; knobs for temperature in C, the firmware's limit as a step, battery and
# supply.
LITTLE_PORT, BIG_PORT = 0x81, 0x82
TEMPERATURE, LIMIT, CHARGE, ON_BATTERY = 0x8B, 0x8F, 0x89, 0x8A

_HEAD = """DefinitionBlock ("", "SSDT", 2, "SOTTO", "POWER", 1)
{
  OperationRegion (KNOB, SystemIO, 0x89, 7)
  Field (KNOB, ByteAcc, NoLock, Preserve) { CHRG, 8, ONBT, 8, TEMP, 8, Offset (6), CAPP, 8 }
  Name (LCAP, Zero)
  Name (LBAT, Zero)
"""

_SUPPLY = """
  Scope (\\_SB) {
    Device (AC0) {
      Name (_HID, "ACPI0003")
      Name (_PCL, Package () { \\_SB })
      Method (_PSR) { If (LEqual (ONBT, 0)) { Return (1) } Return (0) }
    }
    Device (BAT0) {
      Name (_HID, EisaId ("PNP0C0A"))
      Name (_UID, 0)
      Name (_PCL, Package () { \\_SB })
      Method (_STA) { Return (0x1F) }
      Name (_BIF, Package () { 0, 5000, 5000, 1, 11100, 500, 200, 10, 10, "BOX", "1", "LION", "SOTTO" })
      Method (_BST, 0, Serialized) {
        Name (STAT, Package () { 0, 500, 0, 11100 })
        If (ONBT) { Store (1, Index (STAT, 0)) } Else { Store (2, Index (STAT, 0)) }
        Multiply (CHRG, 50, Local0)
        Store (Local0, Index (STAT, 2))
        Return (STAT)
      }
    }
  }
"""


def ssdt() -> str:
    """The source of the table, for iasl: four processors in two clusters."""
    cores = [(LITTLE, LITTLE_PORT, 0), (LITTLE, LITTLE_PORT, 0), (BIG, BIG_PORT, 1), (BIG, BIG_PORT, 1)]
    parts = [_HEAD, *(f"  External (\\_SB.CPUS.C{core:03X}, DeviceObj)\n" for core in range(len(cores)))]
    parts += [_processor(core, *rest) for core, rest in enumerate(cores)]
    parts += [_SUPPLY, _thermal_zone(len(cores)), "}\n"]
    return "".join(parts)


def _processor(core: int, steps: tuple[tuple[int, int], ...], port: int, domain: int) -> str:
    register = f"ResourceTemplate () {{ Register (SystemIO, 8, 0, 0x{port:x}) }}"
    states = ", ".join(f"Package () {{ {m}, {p}, 10, 10, {m // 100}, {m // 100} }}" for m, p in steps)
    last = len(steps) - 1
    return f"""  Scope (\\_SB.CPUS.C{core:03X}) {{
    Name (_PCT, Package () {{ {register}, {register} }})
    Name (_PSS, Package () {{ {states} }})
    Name (_PSD, Package () {{ Package () {{ 5, 0, {domain}, 0xFC, 2 }} }})
    Method (_PPC) {{ If (LGreater (CAPP, {last})) {{ Return ({last}) }} Return (CAPP) }}
  }}
"""


def _thermal_zone(cores: int) -> str:
    """Passive at 80 C. Its polling once a second doubles as the source of all other events."""
    told = " ".join(f"Notify (\\_SB.CPUS.C{core:03X}, 0x80)" for core in range(cores))
    cooled = ", ".join(f"\\_SB.CPUS.C{core:03X}" for core in range(cores))
    return f"""  Scope (\\_TZ) {{ ThermalZone (TZ00) {{
    Method (_TMP, 0, Serialized) {{
      If (LNotEqual (CAPP, LCAP)) {{ Store (CAPP, LCAP) {told} }}
      If (LNotEqual (ONBT, LBAT)) {{
        Store (ONBT, LBAT) Notify (\\_SB.AC0, 0x80) Notify (\\_SB.BAT0, 0x80)
      }}
      Store (TEMP, Local0)
      If (LEqual (Local0, 0)) {{ Store (45, Local0) }}
      Return (Add (2732, Multiply (Local0, 10)))
    }}
    Name (_PSV, 3532)
    Name (_CRT, 3832)
    Name (_PSL, Package () {{ {cooled} }})
    Name (_TC1, 4)
    Name (_TC2, 3)
    Name (_TSP, 10)
    Name (_TZP, 10)
  }} }}
"""
