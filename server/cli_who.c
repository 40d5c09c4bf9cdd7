#include "server/cli_who.h"

#include <ctype.h>
#include <string.h>

#include "core/edit_distance.h"
#include "core/memory.h"
#include "protocol/json_members.h"
#include "protocol/node_id.h"
#include "protocol/person_name.h"

static const char prefix[] = "ed25519:";

static bool is_id(const char *who)
{
    return strncmp(who, prefix, sizeof prefix - 1) == 0 &&
           strspn(who, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:") ==
               strlen(who);
}

/* A short id as the tab shows it, in letters of either kind; NULL: it is none. */
static char *complete_short(const char *who)
{
    uint8_t key[NODE_ID_SHORT_KEY_BYTES];
    char *id = memory_format("%s%s", prefix, who);
    for (char *at = id + sizeof prefix - 1; *at != '\0'; at++) {
        *at = (char)toupper((unsigned char)*at);
    }
    if (node_id_parse_short(id, key) != RESULT_OK) {
        memory_free(id);
        id = NULL;
    }
    return id;
}

/* As people read them: however its marks are put together. */
static bool is_one_name(const char *one, const char *other)
{
    char composed[2][PERSON_NAME_BYTES];
    return strcmp(one, other) == 0 ||
           (person_name_make(one, composed[0]) && person_name_make(other, composed[1]) &&
            strcmp(composed[0], composed[1]) == 0);
}

/* How many members have that name, or nickname; *found_out: the last of them. */
static size_t count_named(const json_t *members, const char *name, const char *who,
                          const char **found_out)
{
    size_t matches = 0;
    size_t index;
    json_t *member;
    json_array_foreach(members, index, member)
    {
        if (is_one_name(cli_call_text(member, name), who)) {
            *found_out = cli_call_text(member, "node_id");
            matches++;
        }
    }
    return matches;
}

static int refuse(const char *who, const json_t *members, size_t matches)
{
    const char **names = memory_allocate(json_array_size(members) + 1, sizeof *names);
    size_t count = 0;
    size_t index;
    json_t *member;
    json_array_foreach(members, index, member)
    {
        names[count++] = cli_call_text(member, "display_name");
    }
    const char *meant = matches > 1 ? NULL : edit_distance_find(who, names);
    char *sentence =
        matches > 1
            ? memory_format("Several members are called %s; take the short id of the one you "
                            "mean: hearthchat members",
                            who)
        : meant != NULL
            ? memory_format("No member is called %s; did you mean %s?", who, meant)
            : memory_format("No member is called %s. Who there is: hearthchat members", who);
    int exit_code = cli_print_failure("not_found", sentence);
    memory_free(sentence);
    memory_free(names);
    return exit_code;
}

int cli_who_find(const struct cli *cli, const char *who, char **node_id_out)
{
    json_t *answer = NULL;
    const json_t *members = NULL;
    const char *found = NULL;
    *node_id_out = NULL;
    if (is_id(who)) {
        *node_id_out = memory_duplicate_string(who);
        return CLI_DONE;
    }
    int exit_code = cli_call_node(cli, "/api/v1/members", NULL, &answer);
    if (exit_code != CLI_DONE) {
        return exit_code;
    }
    (void)json_members_array(answer, "members", &members);
    /* What the owner calls somebody nobody else can take. */
    size_t matches = who[0] == '\0' ? 0 : count_named(members, "nickname", who, &found);
    if (matches == 0) {
        matches = count_named(members, "display_name", who, &found);
    }
    *node_id_out = matches == 1   ? memory_duplicate_string(found)
                   : matches == 0 ? complete_short(who)
                                  : NULL;
    if (*node_id_out == NULL) {
        exit_code = refuse(who, members, matches);
    }
    json_decref(answer);
    return exit_code;
}
