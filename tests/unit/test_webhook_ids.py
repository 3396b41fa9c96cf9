"""Which webhook of a new configuration is which of the old one."""

from __future__ import annotations

from tuntas.events import Subscription, identified


def hook(url: str, *events: str) -> Subscription:
    return Subscription(url, events or ("*",))


def test_a_webhook_keeps_its_id_when_it_moves_or_its_address_is_corrected() -> None:
    before = identified([hook("http://a/"), hook("http://b/")])
    moved = identified([hook("http://b/"), hook("http://a/")], before)
    assert [one.id for one in moved] == [before[1].id, before[0].id]
    corrected = identified([hook("http://a/"), hook("http://c/")], before)
    assert [one.id for one in corrected] == [one.id for one in before]


def test_a_new_webhook_is_none_of_the_old_ones() -> None:
    before = identified([hook("http://a/")])
    after = identified([hook("http://b/"), hook("http://a/")], before)
    assert after[1].id == before[0].id != after[0].id


def test_the_address_of_a_corrected_webhook_can_be_used_again() -> None:
    before = identified([hook("http://a/")])
    corrected = identified([hook("http://b/")], before)
    both = identified([hook("http://b/"), hook("http://a/")], corrected)
    assert both[0].id == before[0].id
    assert both[1].id != both[0].id


def test_two_webhooks_with_one_address_are_two() -> None:
    both = identified([hook("http://a/", "message"), hook("http://a/", "message.ack")])
    assert len({one.id for one in both}) == 2
    assert identified(both, both) == both
