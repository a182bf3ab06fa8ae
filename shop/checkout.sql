-- The order service's tables on day 7. One Postgres database, one owner.

-- What is on the shelf and not promised to anybody.
create table stock (
    item text primary key,
    free integer not null check (free >= 0)
);

-- The log of the checkouts: what somebody wanted, written before anything is done about it, and how far it has come.
create table checkout (
    purchase_id text primary key,
    buyer       text not null,
    item        text not null,
    quantity    integer not null check (quantity > 0),
    amount      integer not null check (amount > 0),   -- in cents
    step        text not null default 'begun'          -- your own words
);

-- The tables of days 2 and 6, for the parts that are joined here.
create table payment (
    key         text primary key,
    purchase_id text not null,
    buyer       text not null,
    amount      integer not null check (amount > 0),
    status      text not null default 'started' check (status in ('started', 'charged', 'declined')),
    charge_id   text,
    started_at  timestamptz not null default now()
);

create table purchase (
    id       text primary key,
    buyer    text not null,
    item     text not null,
    quantity integer not null check (quantity > 0),
    status   text not null default 'placed',
    version  integer not null default 1
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
