"""The transcriber's connection, kept up: what ends is opened again, a few times, ever more patiently."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from trunkline.conversation.ports import SpeechToText, Transcript, VendorBroke, VendorError

BACKOFF_S = (0.5, 1.0, 2.0)


async def listen(stt: SpeechToText, heard: Callable[[Transcript], None], failed: Callable[[str, bool], None]) -> None:
    """Until cancelled, or until it has failed too often in a row: then `failed` was told so (`True`) and it returns."""
    failures = 0

    def tell(transcript: Transcript) -> None:
        nonlocal failures
        failures = 0
        heard(transcript)

    while True:
        try:
            await stt.listen(tell)
            error: VendorError = VendorBroke("the connection ended")
        except VendorError as broken:
            error = broken
        failures += 1
        fatal = failures > len(BACKOFF_S) or not error.retryable
        failed(f"{type(error).__name__}: {error}", fatal)
        if fatal:
            return
        await asyncio.sleep(BACKOFF_S[failures - 1])
