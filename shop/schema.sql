-- The order service's tables. One Postgres database, one owner.

create table purchase (
    id       text primary key,
    buyer    text not null,
    item     text not null,
    quantity integer not null check (quantity > 0),
    status   text not null default 'placed',
    version  integer not null default 1          -- counts the changes of this purchase; bumped under its row lock
);

-- Events that are committed with the change they report, and published later.
create table outbox (
    id           bigint generated always as identity primary key,  -- drawn at INSERT: not the order of commits
    purchase_id  text not null references purchase (id),
    version      integer not null,
    kind         text not null,
    payload      jsonb not null,
    published_at timestamptz,                                      -- null until the relay has published it
    unique (purchase_id, version)
);

create index outbox_unpublished on outbox (id) where published_at is null;

-- A place to keep a position, for a relay that wants one.
create table relay_position (
    name    text primary key,
    last_id bigint not null default 0
);

-- The warehouse's tables: what it has seen, and what it has done about it.
create table inbox (
    event_id    text primary key,
    received_at timestamptz not null default clock_timestamp()
);

create table shipment (
    id          bigint generated always as identity primary key,
    purchase_id text not null,
    item        text not null,
    quantity    integer not null
);
