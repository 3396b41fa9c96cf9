"""A subscription as JSON and back."""

from __future__ import annotations

from typing import Any

from tuntas.events import Retries, RetryPolicy, Subscription


def subscription_to_json(subscription: Subscription) -> dict[str, Any]:
    """Return a subscription as a JSON document."""
    return {
        "url": subscription.url,
        "events": list(subscription.events),
        "hmac_key": subscription.hmac_key,
        "retries": {
            "policy": subscription.retries.policy.value,
            "delay_seconds": subscription.retries.delay_seconds,
            "attempts": subscription.retries.attempts,
        },
        "headers": [list(pair) for pair in subscription.headers],
    }


def subscription_from_json(document: dict[str, Any]) -> Subscription:
    """Return the subscription that ``subscription_to_json`` made a document of."""
    retries = document["retries"]
    return Subscription(
        url=document["url"],
        events=tuple(document["events"]),
        hmac_key=document["hmac_key"],
        retries=Retries(RetryPolicy(retries["policy"]), retries["delay_seconds"], retries["attempts"]),
        headers=tuple((name, value) for name, value in document["headers"]),
    )
