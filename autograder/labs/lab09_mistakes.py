"""Mistakes of lab 9 that are known by name, told from the way the checks break.

Each is proved in tests/wrong/lab09_caching/: the program of the same name breaks its task in this way and in no way that
an earlier mistake of the list claims. The order matters: the first that fits is named.
"""

from __future__ import annotations

from autograder.invariants import cached_writes as writes
from autograder.invariants import caching as rule
from autograder.labs.lab import Mistake
from autograder.labs.signs import KILLED, UNDISTURBED, all_of, none_of, seen

__all__ = ["MISTAKES"]

FRESH, SERVES = rule.no_stale_look.__name__, rule.the_cache_serves.__name__
ENDS, ANSWERED = rule.a_value_ends_by_itself.__name__, rule.each_look_is_answered.__name__
ONE, MISSING = rule.one_question_at_a_time.__name__, rule.a_missing_product_is_remembered.__name__
SPREAD, SURVIVES = rule.expiry_is_spread.__name__, rule.the_database_survives.__name__
SERVED = rule.most_buyers_are_served.__name__
ONCE, STATED = writes.each_view_counts_once.__name__, writes.the_loss_is_as_stated.__name__
RATIO, HOLDER = writes.the_hit_ratio_is_near_the_best.__name__, writes.one_holder_at_a_time.__name__
LATE, FREE = writes.a_late_holder_changes_nothing.__name__, writes.the_lock_comes_free.__name__
BEHIND, COMMITTED = writes.few_views_reach_postgres.__name__, writes.only_the_committed_is_shown.__name__
SERIAL, RACE = UNDISTURBED, "schedule"

STALE_SET = (
    "it updates the table and deletes the key. A look that missed before has read the old row, and sets it after the"
    " delete: a stale set, and nobody deletes it again. A second delete a moment later makes it rarer and no less"
    " possible."
)

ASIDE = (
    Mistake(name="update_then_delete", task="naive", sentence=STALE_SET, shows=seen(FRESH, fault=RACE)),
    Mistake(
        name="leaves_it_to_the_ttl",
        task="get_product",
        sentence="an update says nothing to the cache. The TTL ends the stale read, after a minute and not after a second.",
        shows=seen(FRESH, "aside-calm", SERIAL),
    ),
    Mistake(
        name="forgets_what_is_not_there",
        task="get_product",
        sentence="it keeps products, and not the fact that there is none. Whoever asks for a missing one reaches Postgres"
        " every time: keep the answer \"nothing\" too (negative caching).",
        shows=seen(SERVES, "aside-calm", SERIAL, says="does not exist"),
    ),
    Mistake(
        name="keeps_it_for_a_second",
        task="get_product",
        sentence="it keeps everything for a second, so that nothing can be older. Then hardly anything is ever found: whoever"
        " looks a little later waits for Postgres.",
        shows=seen(SERVES, "aside-calm", SERIAL, says="39 s later"),
    ),
    Mistake(
        name="keeps_it_for_ever",
        task="get_product",
        sentence="what it keeps has no TTL. A change that the cache hears nothing of is then never seen: a TTL is the floor"
        " under every other way.",
        shows=seen(ENDS, fault=SERIAL),
    ),
    Mistake(
        name="says_nothing_while_another_fetches",
        task="get_product",
        sentence="where somebody else has the lock it answers that there is no such product. Whoever cannot fetch it now does"
        " not know that.",
        shows=seen(ANSWERED, "aside-*", says="never in the table"),
    ),
    Mistake(
        name="locks_without_a_ttl",
        task="get_product",
        sentence="its lock has no TTL. Whoever dies with it keeps everybody out, and the shop's next look, too.",
        shows=seen(ANSWERED, "aside-look", "kill-before"),
    ),
    Mistake(
        name="skips_what_is_done",
        task="get_product",
        sentence="asked again after a crash, it finds the new price in the table and takes the whole update for done. The"
        " key was deleted before the commit only, and a look in between has kept the old price: what an update owes the"
        " cache, its repeat owes it, too.",
        shows=seen(FRESH, "aside-dies", KILLED),
    ),
    Mistake(
        name="deletes_before_it_commits",
        task="get_product",
        sentence="it deletes the key before the commit. Whoever looks between the two fills the cache with the old row, and"
        " nothing deletes that: a stale set.",
        shows=seen(FRESH, "aside-warm", RACE),
    ),
    Mistake(
        name="watches_a_missing_key",
        task="get_product",
        sentence="it watches the key that it is about to fill. Deleting a key that is not there changes nothing, so EXEC goes"
        " through, with the old row: watch something that every update changes.",
        shows=seen(FRESH, "aside-cold", RACE, "EXEC"),
    ),
    Mistake(name="deletes_the_key", task="get_product", sentence=STALE_SET, shows=seen(FRESH, "aside-cold", RACE)),
)

CROWD = (
    Mistake(
        name="asks_for_everybody",
        task="catalogue",
        sentence="whoever misses asks the database. When a popular key ends, the whole crowd misses: a stampede.",
        shows=seen(ONE, "crowd*", SERIAL, says="under way at once"),
    ),
    Mistake(
        name="makes_the_product_up",
        task="catalogue",
        sentence="it shows what nobody has told it. Nothing is faster, and nothing in it is true: only the database knows"
        " what there is.",
        shows=seen(ONE, says="never been asked for"),
    ),
    Mistake(
        name="locks_the_crowd_for_ever",
        task="catalogue",
        sentence="one of all asks, under a lock without a TTL. When that one dies, the others wait for ever.",
        shows=seen(ONE, "crowd-dies", says="gave up"),
    ),
    Mistake(
        name="asks_for_the_missing_again",
        task="catalogue",
        sentence="it keeps what there is, and not that there is nothing. Whoever asks for what the shop does not have reaches"
        " the database every time.",
        shows=seen(MISSING, says="again after"),
    ),
    Mistake(
        name="remembers_the_missing_for_a_minute",
        task="catalogue",
        sentence="\"There is none\" is kept as long as a product is. A new product then stays invisible for a minute: give"
        " nothing a shorter TTL than something.",
        shows=seen(MISSING, says="does not exist"),
    ),
    Mistake(
        name="same_ttl_for_all",
        task="catalogue",
        sentence="everything gets the same TTL. What was filled together, after a restart or a mail to everybody, ends"
        " together: add jitter.",
        shows=seen(SPREAD, says="the same second"),
    ),
)

DEAD = (
    Mistake(
        name="serves_old_copies",
        task="sturdy",
        sentence="it has copies of its own, and they are good for too long. Nobody can delete what is in the memory of a"
        " process: what is kept there must end by itself, within the second that is allowed.",
        shows=seen(SERVED, says="an old one"),
    ),
    Mistake(
        name="lets_everybody_queue",
        task="sturdy",
        sentence="it limits the questions and not the line in front of them. A line that grows faster than it moves serves"
        " nobody in time: tell those who would wait too long to come back later.",
        shows=seen(SERVED, "cache-dies", SERIAL, says="gave up"),
    ),
    Mistake(
        name="waits_for_a_silent_cache",
        task="sturdy",
        sentence="it catches the errors of Redis, and silence is none. Without a timeout a buyer waits for a cache that would"
        " have saved a tenth of a second.",
        shows=seen(SERVED, "cache-hangs", SERIAL, says="gave up"),
    ),
    Mistake(
        name="turns_everybody_away",
        task="sturdy",
        sentence="without the cache it serves nobody. The database is safe and has time to spare, and the shop is closed.",
        shows=seen(SERVED, says=" 0 of "),
    ),
    Mistake(
        name="does_without_redis",
        task="sturdy",
        sentence="it does without Redis. Copies in the memory of each process may be a second old and no more, so every"
        " process asks for every product every second, on quiet days too.",
        shows=seen(SURVIVES, says="the cache is well"),
    ),
    Mistake(
        name="falls_back_to_the_database",
        task="sturdy",
        sentence="without the cache everybody asks the database. It was sized for what the cache lets through, and now gets"
        " all of it.",
        shows=seen(SURVIVES, "cache-dies"),
    ),
)

WRITES = (
    Mistake(
        name="only_deletes",
        task="put_through",
        sentence="it deletes the key. That is cache-aside: the next look finds nothing in the cache and waits for Postgres.",
        shows=seen(SERVES, fault=SERIAL),
    ),
    Mistake(
        name="sets_before_the_commit",
        task="put_through",
        sentence="it sets the cache inside the transaction. When that ends without a commit, the cache shows what never was:"
        " a dirty read.",
        shows=seen(COMMITTED),
    ),
    Mistake(
        name="sets_after_the_commit",
        task="put_through",
        sentence="it commits and then sets. Of two updates the first to commit can be the last to set: a stale set. Let"
        " Redis compare the versions.",
        shows=seen(FRESH, "through-puts", RACE),
    ),
    Mistake(
        name="flushes_each_view",
        task="views",
        sentence="it flushes at every view. Nothing can be lost, and every view waits for Postgres, as it did before.",
        shows=seen(BEHIND),
    ),
    Mistake(
        name="states_no_loss",
        task="views",
        sentence="it states a smaller loss than there is. What is acknowledged and only in Redis dies with Redis: that is"
        " the price of write-behind, and whoever decides must know it.",
        shows=seen(STATED, says="stated were at most"),
    ),
    Mistake(
        name="reads_then_deletes",
        task="views",
        sentence="it reads all counts, adds them, and deletes the key. A view that comes meanwhile is deleted with it: a"
        " lost update.",
        shows=seen(ONCE, "views-meet", RACE, says="lost"),
    ),
    Mistake(
        name="deletes_before_it_adds",
        task="views",
        sentence="it takes the counts out of Redis and then adds them to the table. Whoever dies between the two has them"
        " in no place at all.",
        shows=seen(ONCE, "views-flush", says="lost"),
    ),
    Mistake(
        name="adds_again_after_a_crash",
        task="views",
        sentence="it keeps what it takes until it has been added, which is right, and cannot know after a crash whether it"
        " was. Give the batch an id, and commit that id together with its counts.",
        shows=seen(ONCE, "views-flush", says="counted twice"),
    ),
)

PLANS = (
    Mistake(
        name="a_minute_for_everything",
        task="plan",
        sentence="it keeps something for longer than the shop allows: a stale read by plan. Each kind has a bound of its own.",
        shows=seen(RATIO, says="after it changed"),
    ),
    Mistake(
        name="caches_everything",
        task="plan",
        sentence="it caches everything. Large entries that hardly anybody asks for twice push out small ones that everybody"
        " asks for.",
        shows=seen(RATIO, says="everything is cached"),
    ),
    Mistake(
        name="caches_products_only",
        task="plan",
        sentence="it leaves out something that would pay: count what is looked at often and is small, even if it may be kept"
        " for seconds only.",
        shows=seen(RATIO, says="would pay"),
    ),
)

LOCKS = (
    Mistake(
        name="gives_back_anybodys_lock",
        task="lock",
        sentence="giving back deletes the key, whoever holds the lock by then. Compare the token and delete in one step.",
        shows=seen(HOLDER, "lock-late", says="gives back"),
    ),
    Mistake(
        name="sets_then_expires",
        task="lock",
        sentence="it takes the lock and gives it a TTL in a second command. Whoever dies between the two holds it for ever.",
        shows=seen(FREE, "lock-dies"),
    ),
    Mistake(
        name="lets_the_token_expire",
        task="lock",
        sentence="its counter of tokens has a TTL. After a quiet night it begins at 1 again, and a token of yesterday is the"
        " greater one: a counter that fences is kept for ever.",
        shows=seen(LATE, "lock-late", says="do not grow"),
    ),
    Mistake(
        name="trusts_the_lock",
        task="lock",
        sentence="the lock has a TTL, and a holder that sleeps longer does not know that it has lost it. The write itself must"
        " refuse an old token: a fencing token.",
        shows=seen(LATE, "lock-late", says="is taken"),
    ),
    Mistake(
        name="asks_whether_it_still_holds",
        task="lock",
        sentence="it asks Redis whether it still holds the lock, and then writes. Between the answer and the write the lock"
        " can end: only the place that is written to can refuse.",
        shows=all_of(seen(LATE, "lock-expires", RACE), none_of(seen(LATE, "lock-late"))),
    ),
)

MISTAKES: tuple[Mistake, ...] = (*ASIDE, *CROWD, *DEAD, *WRITES, *PLANS, *LOCKS)
