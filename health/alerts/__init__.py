"""Who is told of findings: rules become alarms, alarms become messages, messages are sent."""
