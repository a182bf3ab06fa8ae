"""A consumer in a process of its own, for tests that kill it: ``python reader_process.py '{"bootstrap": ...}'``.

Prints one JSON line per message, and one per commit when it commits.
"""

from __future__ import annotations

import json
import sys

from kafka import KafkaConsumer


def main() -> None:
    """Read for ever."""
    asked = json.loads(sys.argv[1])
    consumer = KafkaConsumer(
        asked["topic"], bootstrap_servers=asked["bootstrap"], group_id=asked["group"], auto_offset_reset="earliest",
        enable_auto_commit=False, max_poll_records=5, session_timeout_ms=1000, heartbeat_interval_ms=100)
    while True:
        for messages in consumer.poll(timeout_ms=100).values():
            for message in messages:
                print(json.dumps({"value": message.value.decode(), "partition": message.partition}), flush=True)
            if asked["commit"]:
                consumer.commit()
                print(json.dumps({"committed": messages[-1].offset + 1}), flush=True)


if __name__ == "__main__":
    main()
