"""LISTEN and NOTIFY: who hears what, when, and how often."""

from __future__ import annotations

from tests.contract.postgres.sessions import Open, Session


def heard(listener: Session, count: int = 1) -> list[str]:
    """What a listener hears: as many as it waits for, then what else has come with them."""
    return [notice.payload for notice in listener.notifies(timeout=10, stop_after=count)]


def listening(connect: Open) -> Session:
    listener = connect(autocommit=True)
    listener.execute("listen outbox")
    return listener


def test_everybody_who_listens_hears_it(connect: Open) -> None:
    listeners, speaker = [listening(connect), listening(connect)], connect(autocommit=True)
    speaker.execute("select pg_notify('outbox', 'lamp')")
    assert [heard(listener) for listener in listeners] == [["lamp"], ["lamp"]]


def test_nothing_is_heard_before_the_commit_and_nothing_after_a_rollback(connect: Open) -> None:
    listener, speaker, other = listening(connect), connect(), connect(autocommit=True)
    speaker.execute("notify outbox, 'rolled back'")
    speaker.rollback()
    speaker.execute("notify outbox, 'committed'")
    other.execute("notify outbox, 'meanwhile'")
    speaker.commit()
    assert heard(listener, 2) == ["meanwhile", "committed"]


def test_the_same_words_twice_in_one_transaction_are_heard_once(connect: Open) -> None:
    listener, speaker = listening(connect), connect()
    for words in ("lamp", "mug", "lamp"):
        speaker.execute("select pg_notify('outbox', %s)", [words])
    speaker.commit()
    speaker.execute("notify outbox, 'end'")
    speaker.commit()
    assert heard(listener, 3) == ["lamp", "mug", "end"]


def test_who_was_not_listening_hears_nothing_later(connect: Open) -> None:
    speaker = connect(autocommit=True)
    speaker.execute("notify outbox, 'before'")
    listener = listening(connect)
    speaker.execute("notify outbox, 'after'")
    assert heard(listener) == ["after"]


def test_who_stops_listening_hears_no_more(connect: Open) -> None:
    listener, speaker = listening(connect), connect(autocommit=True)
    listener.execute("unlisten outbox")
    listener.execute("listen other")
    speaker.execute("notify outbox, 'lamp'")
    speaker.execute("notify other, 'mug'")
    assert heard(listener) == ["mug"]
