"""What the broker answers: one function per kind of request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from autograder.backends.kafka.apis import fetch, groups, metadata, offsets, produce, topics, transactions
from autograder.backends.kafka.apis.call import Answer, Call, Gone

__all__ = ["ANSWERS", "Answer", "Call", "Gone"]

ANSWERS: Mapping[str, Callable[[Call], Answer | Awaitable[Answer]]] = {
    "AddOffsetsToTxn": transactions.add_offsets,
    "AddPartitionsToTxn": transactions.add_partitions,
    "AlterConfigs": topics.alter_configs,
    "CreatePartitions": topics.create_partitions,
    "CreateTopics": topics.create_topics,
    "DeleteGroups": groups.delete_groups,
    "DeleteRecords": topics.delete_records,
    "DeleteTopics": topics.delete_topics,
    "DescribeCluster": metadata.describe_cluster,
    "DescribeConfigs": topics.describe_configs,
    "DescribeGroups": groups.describe_groups,
    "DescribeTransactions": transactions.describe_transactions,
    "EndTxn": transactions.end_transaction,
    "Fetch": fetch.fetch,
    "FindCoordinator": metadata.find_coordinator,
    "Heartbeat": groups.heartbeat,
    "IncrementalAlterConfigs": topics.incremental_alter_configs,
    "InitProducerId": transactions.init_producer,
    "JoinGroup": groups.join_group,
    "LeaveGroup": groups.leave_group,
    "ListGroups": groups.list_groups,
    "ListOffsets": fetch.list_offsets,
    "ListTransactions": transactions.list_transactions,
    "Metadata": metadata.metadata,
    "OffsetCommit": offsets.offset_commit,
    "OffsetDelete": offsets.offset_delete,
    "OffsetFetch": offsets.offset_fetch,
    "OffsetForLeaderEpoch": fetch.offset_for_leader_epoch,
    "Produce": produce.produce,
    "SyncGroup": groups.sync_group,
    "TxnOffsetCommit": transactions.txn_offset_commit,
}
