"""Administration: the rules as they are, devices and alarms, dead letters, deliveries, health."""
