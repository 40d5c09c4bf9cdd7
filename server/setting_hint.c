#include "server/setting_hint.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/edit_distance.h"
#include "core/utf8.h"

enum { MOST_NAMES = 32 };

void setting_hint_cut(const char *text, char shown_out[static SETTING_HINT_BYTES])
{
    size_t used = 0;
    while (text[used] != '\0') {
        size_t length = utf8_measure(text + used, strlen(text + used));
        length = length == 0 ? 1 : length;
        if (used + length > SETTING_HINT_BYTES - 8) {
            break;
        }
        used += length;
    }
    (void)snprintf(shown_out, SETTING_HINT_BYTES, "%.*s%s", (int)used, text,
                   text[used] == '\0' ? "" : "…");
}

/* "[transport] or [ui]": where a setting of that name belongs; "": there is none. */
static void list_sections(const struct setting_name *names, size_t count, const char *key,
                          char list_out[static SETTING_HINT_BYTES])
{
    size_t used = 0;
    list_out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i].key, key) == 0) {
            used += (size_t)snprintf(list_out + used, SETTING_HINT_BYTES - used, "%s[%s]",
                                     used == 0 ? "" : " or ", names[i].section);
        }
    }
}

enum result setting_hint_refuse(const struct setting_name *names, size_t count, const char *section,
                                const char *key, struct error *error)
{
    const char *keys[MOST_NAMES + 1] = {NULL};
    const char *sections[MOST_NAMES + 1] = {NULL};
    char belongs[SETTING_HINT_BYTES];
    char shown[SETTING_HINT_BYTES];
    size_t used = 0;
    bool has_section = false;
    for (size_t i = 0; i < count && i < MOST_NAMES; i++) {
        bool inside = strcmp(names[i].section, section) == 0;
        has_section = has_section || inside;
        sections[i] = names[i].section;
        if (inside) {
            keys[used++] = names[i].key;
        }
    }
    if (strcmp(section, "e2e") == 0 && strcmp(key, "enabled") == 0) { /* of no release */
        return error_set(error, RESULT_INVALID,
                         "[e2e] enabled is no setting: it is always so; remove the line.");
    }
    setting_hint_cut(key, shown);
    list_sections(names, count, key, belongs);
    const char *meant = has_section ? edit_distance_find(key, keys) : NULL;
    if (section[0] == '\0') {
        return error_set(error, RESULT_INVALID, "%s stands above every section; put it under %s.",
                         shown, belongs[0] == '\0' ? "one, like [ui]" : belongs);
    }
    if (belongs[0] != '\0') {
        return error_set(error, RESULT_INVALID, "[%.30s] has no setting %s; it belongs under %s.",
                         section, shown, belongs);
    }
    if (meant != NULL) {
        return error_set(error, RESULT_INVALID, "[%.30s] %s is no known setting; did you mean %s?",
                         section, shown, meant);
    }
    meant = has_section ? NULL : edit_distance_find(section, sections);
    return error_set(error, RESULT_INVALID, "[%.30s] %s is no known setting%s%s%s", section, shown,
                     meant == NULL ? "." : "; did you mean [", meant == NULL ? "" : meant,
                     meant == NULL ? "" : "]?");
}
