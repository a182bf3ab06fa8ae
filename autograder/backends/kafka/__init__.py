"""The embedded Kafka broker: it speaks Kafka's wire protocol on loopback, so that Kafka clients connect unchanged.

It does what the course needs, refuses clearly what it does not do, and promises nothing that the contract suite has
not also seen on Apache Kafka. Start it with ``python -m autograder.backends.kafka``.

Not offered: the newer group protocol (KIP-848) and share groups, compaction, TLS, SASL, ACLs and quotas, fetch
sessions, transactions of version 2. Replication is simulated inside one process, committed offsets never expire, and
nothing is forced to the disk: a crash of the process loses nothing, one of the machine may.
"""
