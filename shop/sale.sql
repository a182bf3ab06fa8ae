-- The tables of the sale. One Postgres database, one owner.

-- What is there and not promised to anybody. The sale begins with one row, shard 0; a design may spread it over more.
create table stock (
    item  text not null,
    shard integer not null default 0,
    free  integer not null check (free >= 0),
    primary key (item, shard)
);

-- One row for each buyer who has a unit or waits for one, and for whoever else you want to remember.
create table purchase (
    id             text primary key,                  -- the key of the request
    buyer          text not null,
    item           text not null,
    quantity       integer not null default 1 check (quantity > 0),
    status         text not null default 'held'
                   check (status in ('held', 'waiting', 'paid', 'declined', 'sold out', 'expired')),
    version        integer not null default 1,
    correlation_id text not null default '',
    shard          integer not null default 0,        -- where its unit comes from
    since          double precision not null default 0  -- seconds, by your clock: since when it has this status
);

create index purchase_open on purchase (status, since) where status in ('held', 'waiting');

-- The tables of your parts: payments (day 2), outbox, inbox and shipment (day 6).
create table payment (
    key         text primary key,
    purchase_id text not null,
    buyer       text not null,
    amount      integer not null check (amount > 0),
    status      text not null default 'started' check (status in ('started', 'charged', 'declined')),
    charge_id   text,
    started_at  timestamptz not null default now()
);

create table outbox (
    id           bigint generated always as identity primary key,
    purchase_id  text not null references purchase (id),
    version      integer not null,
    kind         text not null,
    payload      jsonb not null,
    published_at timestamptz,
    unique (purchase_id, version)
);

create index outbox_unpublished on outbox (id) where published_at is null;

create table relay_position (
    name    text primary key,
    last_id bigint not null default 0
);

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
