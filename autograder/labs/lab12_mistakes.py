"""Mistakes of lab 12 that are known by name, told from the way the checks break.

Each is proved in tests/wrong/lab12_resilience/: the program of the same name breaks its task in this way and in no way
that an earlier mistake of the list claims. The order matters: the first that fits is named.
"""

from __future__ import annotations

from autograder.invariants import degradation, limits, overload
from autograder.labs.lab import Mistake
from autograder.labs.signs import UNDISTURBED, Sign, all_of, none_of, seen

__all__ = ["MISTAKES"]

MORE, REFUSED = limits.never_more_than_the_bucket_gives.__name__, limits.nobody_is_refused_a_token.__name__
WAIT, KEPT = limits.the_wait_is_true.__name__, limits.nothing_is_kept_for_ever.__name__
IN_TIME, SAYS = degradation.every_page_is_there_in_time.__name__, degradation.a_page_says_what_it_is.__name__
RECOVERS, LITTLE = degradation.it_recovers_by_itself.__name__, degradation.the_fallback_adds_little.__name__
FIRST, AT_ONCE = overload.checkouts_come_first.__name__, overload.who_is_refused_hears_it_at_once.__name__
FOLLOWED, SAFE = overload.a_switch_is_followed.__name__, overload.a_toggle_is_safe.__name__


def _mistake(task: str, name: str, shows: Sign, sentence: str) -> Mistake:
    return Mistake(name=name, task=task, sentence=sentence, shows=shows)


NAIVE = (
    _mistake(
        "naive",
        "naive_admit",
        seen(MORE, "naive"),
        "it keeps to its number in every window, and forgets everything at the edge between two. A fixed window gives up"
        " to twice its rate there; and the window's clock is the instance's own.",
    ),
)

GATES = (
    _mistake(
        "admit",
        "answers_nothing",
        seen(REFUSED, says="neither through nor when to come"),
        "a token is taken and nobody is told. An answer is 0, or the seconds until there is a token.",
    ),
    _mistake(
        "admit",
        "a_bucket_for_each_instance",
        all_of(seen(MORE, "meet-last", UNDISTURBED), seen(MORE, "edges", says="instances")),
        "every instance keeps a bucket of its own. Limits of single nodes add up: three instances let three times as many"
        " through.",
    ),
    _mistake(
        "admit",
        "divides_by_the_instances",
        all_of(seen(MORE, "meet-used", UNDISTURBED), seen(REFUSED)),
        "every instance has its part of the bucket, as if calls came to all of them alike. Whoever meets one instance is"
        " refused too early, and whoever starts a fourth changes everybody's limit.",
    ),
    _mistake(
        "admit",
        "reads_then_writes",
        seen(MORE, "meet-*"),
        "between reading the bucket and writing it another instance reads the same, and two calls spend one token: a lost"
        " update. MULTI and EXEC join the writes and leave the reading outside.",
    ),
    _mistake(
        "admit",
        "lets_nobody_through",
        seen(REFUSED, "meet-used", UNDISTURBED, says="with 3.0 of 3"),
        "it refuses a client who has a full bucket. A gate that stays shut lets no call too many through, and no call.",
    ),
    _mistake(
        "admit",
        "takes_a_lost_race_for_a_no",
        seen(REFUSED, "meet-*"),
        "it notices that somebody else was faster, and refuses its own caller for it. A lost race says nothing of tokens: try"
        " again.",
    ),
    _mistake(
        "admit",
        "counts_in_windows",
        all_of(seen(MORE, "edges", says="9 calls through within 0.4 s"), seen(REFUSED)),
        "it is atomic, asks the server's clock and keeps to its number in every window; the edge between two windows lets"
        " twice as many through.",
    ),
    _mistake(
        "admit",
        "saves_up_for_ever",
        seen(MORE, "edges", says="9 calls through within 0.4 s"),
        "what flows in while nobody asks is kept, however much it is. A bucket holds `burst` tokens, and what is more runs"
        " over.",
    ),
    _mistake(
        "admit",
        "asks_its_own_clock",
        all_of(seen(MORE, "edges"), seen(MORE, "crowd")),
        "each instance says what time it is, and one that is forty seconds ahead finds forty seconds' worth of tokens. All"
        " must ask one clock, and the server has one.",
    ),
    _mistake(
        "admit",
        "forgets_too_early",
        all_of(seen(MORE, "edges"), none_of(seen(WAIT, "edges"))),
        "the key is gone before the bucket is full, and who is not known has a full one. It must live as long as an empty"
        " bucket needs to fill.",
    ),
    _mistake(
        "admit",
        "charges_for_a_no",
        seen(REFUSED, "too-soon"),
        "a call that is refused costs something as well, so whoever asks too soon waits longer, and whoever keeps asking"
        " waits for ever.",
    ),
    _mistake(
        "admit",
        "counts_the_last_seconds",
        seen(REFUSED, "edges"),
        "a sliding window of the last seconds: it has no edge, and nothing flows in until the oldest call falls out of"
        " it. A bucket gains a token every second.",
    ),
    _mistake(
        "admit",
        "says_always_the_same_wait",
        seen(WAIT, "edges", says="told to wait"),
        "it tells how long a token takes, and not how long this one still takes. A part of it has flowed in already.",
    ),
    _mistake(
        "admit",
        "keeps_every_bucket",
        seen(KEPT, "edges"),
        "nothing is ever forgotten. Every address that was ever here has a key, and Redis holds them in memory.",
    ),
    _mistake(
        "admit",
        "expires_in_a_second_command",
        seen(KEPT, "killed"),
        "the time to live comes in a command of its own. The process that dies between the two leaves a key for ever.",
    ),
)

PAGES = (
    _mistake(
        "product_page",
        "makes_up_recommendations",
        seen(SAYS, says="had not answered for this buyer"),
        "it writes what the recommendations would have said, and asks nobody. That is in time, and it is not true.",
    ),
    _mistake(
        "product_page",
        "knows_the_prices_by_heart",
        seen(IN_TIME, says="showed"),
        "it asks for a price once and shows it for ever. What is remembered needs an end; a price that is charged needs an"
        " early one.",
    ),
    _mistake(
        "product_page",
        "waits_for_what_it_does_not_need",
        seen(IN_TIME, says="never came"),
        "it waits for the recommendations for as long as they like. What the page can do without gets a part of its time.",
    ),
    _mistake(
        "product_page",
        "fails_with_its_neighbour",
        seen(IN_TIME, says="was no page"),
        "what the recommendations say is passed on, so their no is the page's. The page could do without them.",
    ),
    _mistake(
        "product_page",
        "tries_again_what_is_optional",
        seen(IN_TIME, "visits", says="came after"),
        "it tries again what the page can do without, and the time of all attempts is the visitor's.",
    ),
    _mistake(
        "product_page",
        "falls_back_on_the_catalog",
        seen(LITTLE),
        "each degraded page asks the catalog once more, so the outage of one service doubles the load of another, which"
        " every page needs. That is how a fallback makes it worse.",
    ),
    _mistake(
        "product_page",
        "does_not_say_so",
        seen(SAYS, says="not marked as degraded"),
        "bestsellers stand where recommendations belong, and nothing tells. A page that hides that it is degraded hides the"
        " outage from those who could mend it.",
    ),
    _mistake(
        "product_page",
        "shows_what_another_was_shown",
        seen(SAYS, says="somebody else"),
        "it remembers the last list that came, whoever it was made for. What was recommended to Ada says something about"
        " Ada.",
    ),
    _mistake(
        "product_page",
        "shows_nothing",
        seen(SAYS, says="shows nothing"),
        "it is in time, says what it is, and leaves the place empty. There is something that costs nearly nothing and sells"
        " lamps.",
    ),
    _mistake(
        "product_page",
        "shows_old_bestsellers",
        seen(SAYS, says="s ago"),
        "bestsellers are asked for once and remembered for ever. What is remembered has an end.",
    ),
    _mistake(
        "product_page",
        "is_always_degraded",
        seen(RECOVERS, "outage*", says="the recommendations worked, and all of"),
        "nobody is ever asked for recommendations. What is not asked cannot fail, and brings nothing.",
    ),
    _mistake(
        "product_page",
        "gives_them_too_little_time",
        seen(RECOVERS, "visits"),
        "the timeout is shorter than a good answer, so the page is degraded on a good day.",
    ),
    _mistake(
        "product_page",
        "stays_degraded",
        seen(RECOVERS, says="had been back"),
        "something remembers the outage and nothing takes it back, so the page is degraded until somebody restarts it.",
    ),
)

RUSH = (
    _mistake(
        "serve",
        "says_served_and_does_nothing",
        seen(AT_ONCE, says="before the orders had done its work"),
        "everybody is told that it is done, and nobody's work is. A promise is no service.",
    ),
    _mistake(
        "serve",
        "waits_in_order_to_refuse",
        seen(AT_ONCE, says="to be refused"),
        "whoever finds no place waits for one, and is refused when the wait is over. That is the queue again, with nothing"
        " at its end.",
    ),
    _mistake(
        "serve",
        "lets_everybody_wait",
        seen(FIRST, says="was served after"),
        "nobody is refused, so everybody waits behind everybody. The orders work all the time, for people who have left.",
    ),
    _mistake(
        "serve",
        "sheds_everything",
        seen(AT_ONCE, says="checkouts"),
        "it refuses although there is room. Shedding is for what cannot be served.",
    ),
    _mistake(
        "serve",
        "never_serves_a_crawler",
        seen(AT_ONCE, says="were not: crawlers"),
        "what matters least is refused whether or not there is room. A priority says who comes first, and not who never comes.",
    ),
    _mistake(
        "serve",
        "first_come_first_served",
        all_of(seen(FIRST, says="checkouts"), seen(FIRST, says="told 'busy'"), none_of(seen(AT_ONCE))),
        "one limit for all: nine of twelve that come are crawlers, so nine of twelve that are served are. A limit for each"
        " kind keeps a place for those who matter more.",
    ),
)

TOGGLES = (
    _mistake(
        "toggles",
        "raises_when_the_store_is_away",
        seen(SAFE, says="ended with"),
        "the store's troubles are passed on to whoever looks at a toggle. A branch has two ways, and no third.",
    ),
    _mistake(
        "toggles",
        "waits_for_the_store",
        seen(SAFE, says="never ended"),
        "errors have the safe value, and silence has none. Every wait needs an end.",
    ),
    _mistake(
        "toggles",
        "off_when_in_doubt",
        seen(SAFE, says="store says nothing"),
        "what cannot be asked is off. For the fraud check that is the dangerous side, which is why each toggle declares its"
        " own.",
    ),
    _mistake(
        "toggles",
        "takes_nonsense_for_off",
        seen(SAFE, says="'maybe' in the store"),
        "whatever is not *on* is off. What somebody mistyped is no decision, so it has the safe value.",
    ),
    _mistake(
        "toggles",
        "reads_once",
        seen(FOLLOWED),
        "a toggle is read when somebody looks first, so it is switched by a restart. Then a configuration file would do.",
    ),
    _mistake(
        "toggles",
        "remembers_for_ever",
        seen(SAFE, says="fell silent: it must be"),
        "while the store is away the last value counts, however old it is. What somebody may have switched off an hour ago"
        " is still on here.",
    ),
)

MISTAKES: tuple[Mistake, ...] = (*NAIVE, *GATES, *PAGES, *RUSH, *TOGGLES)
