-- What the shop has, and who has a claim on it. One Postgres database, one owner.

create table stock (
    item    text primary key,
    free    integer not null check (free >= 0),   -- units that nobody has reserved
    version integer not null default 1            -- for whoever wants to notice that the row has changed
);

create table reservation (
    id       text not null,                       -- one buyer's basket
    buyer    text not null,
    item     text not null,
    quantity integer not null check (quantity > 0),
    price    integer not null default 0,          -- in cents, of the whole line
    primary key (id, item)
);

-- Orders of the past, for the pages that show them.
create table customer_order (
    id        integer primary key,
    buyer     text not null,
    placed_on date not null,
    status    text not null
);

create table order_line (
    order_id integer not null references customer_order (id),
    number   integer not null,
    item     text not null,
    quantity integer not null,
    primary key (order_id, number)
);
