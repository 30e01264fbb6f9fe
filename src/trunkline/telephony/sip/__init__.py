"""SIP and RTP, our own user agent: messages, transactions and dialogs are pure; `endpoint`, `rtp` and `leg` are the shells."""
