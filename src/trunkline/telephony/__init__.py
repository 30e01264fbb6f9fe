"""Lines: what implements a call's `Leg`. `sandbox/` needs no network; `sip/` is our SIP user agent."""
