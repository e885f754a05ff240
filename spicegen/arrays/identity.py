"""The part of report.json that says which array and which devices a report is about."""

from __future__ import annotations

from typing import Any

from models_va import DeviceCard
from netlists import ArrayConfig


def array_identity(config: ArrayConfig, card: DeviceCard) -> dict[str, Any]:
    """The description of an array, and the name and hash of its devices' card, as entries of report.json."""
    return {"array": config.model_dump(mode="json"), "card": card.name, "card_hash": card.hash}
