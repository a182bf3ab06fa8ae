-- The order service's tables on day 4. One Postgres database, one owner.

create table stock (
    item text primary key,
    free integer not null check (free >= 0)       -- units on the shelf that nobody has a claim on
);

create table purchase (
    id       text primary key,
    buyer    text not null,
    item     text not null,
    quantity integer not null check (quantity > 0),
    amount   integer not null check (amount > 0), -- in cents
    status   text not null default 'pending'      -- in the end 'confirmed' or 'cancelled'
);

-- The log of the sagas: what was decided and what was done, in order.
create table saga_log (
    id          bigint generated always as identity primary key,
    purchase_id text not null,
    entry       text not null,
    at          timestamptz not null default clock_timestamp(),
    unique (purchase_id, entry)
);
