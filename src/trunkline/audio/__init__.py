"""Pure sample arithmetic: codecs, the modem, voice activity, echo, jitter, playout, recording. No I/O, no clock."""
