/* Makes a data directory with a log for bench/run and bench/store.sh: `make_log KIND DIRECTORY
 * NUMBER…`. The same numbers make the same events. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "population.h"

/* Some of them are always there. */
enum { FOUNDER, NEIGHBOUR, MALLORY, FIRST_OTHERS };

enum { MEMBERS_OF_A_SMALL_COMMUNITY = 10, RARE_EVERY = 9973, READ_EVERY = 5 };

static void bring(struct population *population, size_t inviter, size_t person)
{
    char invited[ULID_TEXT_BYTES];
    population_invite(population, inviter, person, invited);
    population_join(population, person, invited);
}

static void found_with(struct population *population, size_t members)
{
    population_found(population);
    for (size_t person = 1; person < members; person++) {
        bring(population, FOUNDER, person);
    }
}

static void write_body(struct population *population, bool rare, char *body, size_t size_bytes)
{
    static const char *const words[] = {
        "garden",  "power",  "water", "tomorrow", "ladder", "bread",  "street", "Monday",
        "bicycle", "letter", "rain",  "key",      "soup",   "window", "thanks", "evening"};
    size_t used = 0;
    for (size_t i = 0; i < 7; i++) {
        used += (size_t)snprintf(body + used, size_bytes - used, "%s ",
                                 words[population_draw(population, 16)]);
    }
    (void)snprintf(body + used, size_bytes - used, "%s%llu", rare ? "plumcake " : "",
                   (unsigned long long)population->serial);
}

static void write_message(struct population *population, size_t from, size_t to, bool rare,
                          char event_id_out[static ULID_TEXT_BYTES])
{
    char body[160];
    char client_id[ULID_TEXT_BYTES];
    write_body(population, rare, body, sizeof body);
    (void)snprintf(client_id, sizeof client_id, "01HXS%021llu",
                   (unsigned long long)population->serial);
    (void)population_write(
        population, from,
        event_draft_message(client_id, &population_key(population, to)->node_id, body, NULL),
        event_id_out);
}

/* A quarter of all messages are Mallory's, few of them to the founder; nearly a third are the
 * founder's, half of them with one neighbour. */
static void draw_pair(struct population *population, size_t members, size_t *from, size_t *to)
{
    size_t draw = population_draw(population, 400);
    *from = population_draw(population, members);
    *to = FIRST_OTHERS + population_draw(population, members - FIRST_OTHERS);
    if (draw < 100) {
        *from = MALLORY;
        *to = draw == 0 ? FOUNDER : *to;
    } else if (draw < 220) {
        bool with_neighbour = draw < 160;
        *to = with_neighbour ? NEIGHBOUR : *to;
        *from = FOUNDER;
        if (draw % 2 == 0) {
            *from = *to;
            *to = FOUNDER;
        }
    }
    if (*from == *to) {
        *from = NEIGHBOUR;
    }
}

static void write_exchange(struct population *population, size_t members, size_t events)
{
    static size_t own;
    char message[ULID_TEXT_BYTES];
    char receipt[ULID_TEXT_BYTES];
    size_t from = 0;
    size_t to = 0;
    draw_pair(population, members, &from, &to);
    bool is_own = from == FOUNDER || to == FOUNDER;
    write_message(population, from, to, is_own && own % RARE_EVERY == 0, message);
    own += is_own ? 1 : 0;
    if (population->serial < events) {
        (void)population_write(population, to, event_draft_delivered(message, 1700000000), receipt);
    }
    if (population->serial < events && population_draw(population, READ_EVERY) == 0) {
        (void)population_write(population, to, event_draft_read(message, 1700000000), receipt);
    }
}

/* Two thirds of the members are there from the beginning, the others come one by one. */
static void make_street(struct population *population, size_t members, size_t events)
{
    size_t joined = members * 2 / 3;
    size_t at_start = joined;
    found_with(population, joined);
    while (population->serial < events) {
        if (joined < members &&
            population->serial * (members - at_start + 1) > events * (joined - at_start + 1)) {
            bring(population, FOUNDER, joined++);
        }
        write_exchange(population, joined, events);
    }
}

/* Many members on as many events as make_levels() has of the same number. */
static void make_members(struct population *population, size_t facts)
{
    found_with(population, facts / 2);
}

static void make_levels(struct population *population, size_t facts)
{
    char event_id[ULID_TEXT_BYTES];
    found_with(population, MEMBERS_OF_A_SMALL_COMMUNITY);
    for (size_t i = 0; population->serial < facts; i++) {
        (void)population_write(population, FOUNDER,
                               population_draft_level(population, 1 + i / 2 % 9, i % 2 == 0),
                               event_id);
    }
}

static void make_messages(struct population *population, size_t events)
{
    char event_id[ULID_TEXT_BYTES];
    found_with(population, MEMBERS_OF_A_SMALL_COMMUNITY);
    while (population->serial < events) {
        write_message(population, MALLORY, FIRST_OTHERS, false, event_id);
    }
}

/* One of 20,000 words, some of them often; the first ones are short. */
static void write_word(struct population *population, char *body, size_t size_bytes)
{
    static const char *const syllables[] = {
        "ba", "ser", "wa",  "pum", "pe", "gar", "ten",  "stra", "ße",   "ne",  "li",
        "ko", "mor", "gen", "ha",  "us", "tor", "wind", "fen",  "ster", "ki",  "nd",
        "au", "to",  "bra", "un",  "ro", "en",  "er",   "ing",  "ung",  "heit"};
    size_t draw = population_draw(population, 20000);
    size_t number = draw * draw / 20000 * population_draw(population, 20000) / 20000;
    size_t used = strlen(body);
    do {
        used += (size_t)snprintf(body + used, size_bytes - used, "%s", syllables[number % 32]);
        number /= 32;
    } while (number > 0);
    (void)snprintf(body + used, size_bytes - used, " ");
}

/* Of 100 bytes: what a search has to go through. */
static void write_letters(struct population *population, size_t messages, bool own)
{
    enum { BODY_BYTES = 100 };
    char event_id[ULID_TEXT_BYTES];
    char client_id[32];
    found_with(population, MEMBERS_OF_A_SMALL_COMMUNITY);
    for (size_t i = 0; i < messages; i++) {
        char body[160] = "";
        (void)snprintf(body, sizeof body, "%s", i % RARE_EVERY == 0 ? "plumcake " : "");
        while (strlen(body) < BODY_BYTES) {
            write_word(population, body, sizeof body);
        }
        (void)snprintf(client_id, sizeof client_id, "letter %zu", i);
        size_t other = i % 1000 == 0 ? MALLORY : NEIGHBOUR;
        size_t recipient = own ? other : FOUNDER;
        (void)population_write(population, own ? FOUNDER : other,
                               event_draft_message(client_id,
                                                   &population_key(population, recipient)->node_id,
                                                   body, NULL),
                               event_id);
    }
}

/* All to the founder, whose node would answer each. */
static void make_letters(struct population *population, size_t messages)
{
    write_letters(population, messages, false);
}

/* All from the founder. */
static void make_sent(struct population *population, size_t messages)
{
    write_letters(population, messages, true);
}

/* Of all members to the founder, in turns, answered and not read. */
static void make_unread(struct population *population, size_t members, size_t messages)
{
    char message[ULID_TEXT_BYTES];
    char receipt[ULID_TEXT_BYTES];
    found_with(population, members);
    for (size_t i = 0; i < messages; i++) {
        write_message(population, 1 + i % (members - 1), FOUNDER, false, message);
        (void)population_write(population, FOUNDER, event_draft_delivered(message, 1700000000),
                               receipt);
    }
}

static void make_marks(struct population *population, size_t marks)
{
    char first[ULID_TEXT_BYTES];
    char event_id[ULID_TEXT_BYTES];
    found_with(population, MEMBERS_OF_A_SMALL_COMMUNITY);
    uint64_t begin = population->serial;
    for (size_t i = 0; i < marks; i++) {
        write_message(population, NEIGHBOUR, FOUNDER, false, event_id);
    }
    for (size_t i = 0; i < marks; i++) {
        (void)snprintf(first, sizeof first, "01HXR%021llu", (unsigned long long)(begin + i));
        (void)population_write(population, FOUNDER, event_draft_read(first, 1700000000), event_id);
    }
}

static void make_invitations(struct population *population, size_t count)
{
    char event_id[ULID_TEXT_BYTES];
    found_with(population, MEMBERS_OF_A_SMALL_COMMUNITY);
    for (size_t i = 0; i < count; i++) {
        population_invite(population, MALLORY, MEMBERS_OF_A_SMALL_COMMUNITY + i, event_id);
    }
}

static void make_joinings(struct population *population, size_t count)
{
    found_with(population, MEMBERS_OF_A_SMALL_COMMUNITY);
    for (size_t i = 0; i < count; i++) {
        bring(population, MALLORY, MEMBERS_OF_A_SMALL_COMMUNITY + i);
    }
}

static void make_manifests(struct population *population, size_t count, size_t bytes)
{
    char event_id[ULID_TEXT_BYTES];
    found_with(population, MEMBERS_OF_A_SMALL_COMMUNITY);
    for (size_t i = 0; i < count; i++) {
        json_t *manifest = population_manifest(population, MALLORY, (bytes - 800) / 3);
        (void)population_write(population, MALLORY, event_draft_manifest(manifest), event_id);
        json_decref(manifest);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*make)(struct population *population, size_t number);
    } kinds[] = {{"members", make_members},   {"levels", make_levels},
                 {"messages", make_messages}, {"marks", make_marks},
                 {"letters", make_letters},   {"sent", make_sent},
                 {"joinings", make_joinings}, {"invitations", make_invitations}};
    struct population population;
    population_require(argc >= 4, "make_log KIND DIRECTORY NUMBER [NUMBER]");
    size_t number = strtoull(argv[3], NULL, 10);
    size_t second = argc > 4 ? strtoull(argv[4], NULL, 10) : 0;
    population_start(&population);
    population_open(&population, argv[2], FOUNDER, false);
    if (strcmp(argv[1], "street") == 0) {
        make_street(&population, number, second);
    } else if (strcmp(argv[1], "manifests") == 0) {
        make_manifests(&population, number, second);
    } else if (strcmp(argv[1], "unread") == 0) {
        make_unread(&population, number, second);
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(argv[1], kinds[i].name) == 0) {
            kinds[i].make(&population, number);
        }
    }
    population_settle(&population);
    (void)printf("%zu of %llu events\n", population.accepted,
                 (unsigned long long)population.serial);
    population_end(&population);
    return 0;
}
