"""Subscriptions, and the audience that they make, as JSON and back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tuntas.events import Audience, Me, Retries, RetryPolicy, Subscription


def subscription_to_json(subscription: Subscription) -> dict[str, Any]:
    """Return a subscription as a JSON document."""
    return {
        "id": subscription.id,
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
        id=document.get("id", ""),  # rows of an earlier version have none: it comes from the address, as their lanes do
    )


def audience_to_json(audience: Audience) -> dict[str, Any]:
    """Return an audience as a JSON document."""
    return {
        "session_id": audience.session_id,
        "session": audience.session,
        "subscriptions": [subscription_to_json(one) for one in audience.subscriptions],
        "metadata": dict(audience.metadata),
        "me": None if audience.me is None else asdict(audience.me),
    }


def audience_from_json(document: dict[str, Any]) -> Audience:
    """Return the audience that ``audience_to_json`` made a document of."""
    return Audience(
        session_id=document["session_id"],
        session=document["session"],
        subscriptions=tuple(subscription_from_json(one) for one in document["subscriptions"]),
        metadata=document["metadata"],
        me=None if document["me"] is None else Me.from_json(document["me"]),
    )
