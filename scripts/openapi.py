"""Prints the OpenAPI document, without a server.

.venv/bin/python scripts/openapi.py > openapi.json
"""

from __future__ import annotations

import json
import sys

from trunkline.api.openapi import bare, document


def main() -> None:
    json.dump(document(bare()), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
