"""Responses of the API, as short as they may be."""

from __future__ import annotations

from typing import Any

AT = "2026-01-15T10:30:00.412Z"


def payment(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": f"pay_{number}",
        "order_id": "order_1",
        "amount": 50_000,
        "currency": "INR",
        "method": "upi",
        "status": "pending",
        "created_at": AT,
        **more,
    }


def page(*rows: dict[str, Any], next_cursor: str | None = None) -> dict[str, Any]:
    return {
        "data": list(rows),
        "total": len(rows),
        "limit": 100,
        "offset": 0,
        "next_cursor": next_cursor,
    }


def error(code: str = "BAD_REQUEST_ERROR", **more: str) -> dict[str, Any]:
    return {"error": {"code": code, "description": "No.", **more}}
