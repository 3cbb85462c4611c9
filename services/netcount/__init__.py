"""netcount: what left this box, by purpose and by unit, read from the firewall's own counters."""
