#include "handlers/contact_json.h"

#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "protocol/person_name.h"

void contact_json_set(json_t *entry, const struct log_contact *contact)
{
    (void)json_object_set_new(entry, "nickname", json_build_text(contact->nickname));
    (void)json_object_set_new(entry, "muted", json_boolean(contact->muted));
    (void)json_object_set_new(entry, "blocked", json_boolean(contact->blocked));
    (void)json_object_set_new(entry, "pinned", json_boolean(contact->pinned));
}

static const char *compare(const struct person_name_keys *name, const char *nickname)
{
    const struct person_name_keys other = person_name_keys(nickname);
    if (name->reads == other.reads) {
        return "same";
    }
    return name->looks == other.looks || name->looks_in_case == other.looks_in_case ? "alike"
                                                                                    : NULL;
}

/* NULL: it has no such name. */
static const char *find_namesake(const char *shown, const struct log_contacts *contacts,
                                 const struct node_id *node_id)
{
    const struct person_name_keys name = person_name_keys(shown);
    const char *namesake = NULL;
    for (size_t i = 0; i < contacts->count && namesake == NULL; i++) {
        const struct log_contact *other = &contacts->list[i];
        if (other->nickname[0] != '\0' && !node_id_equal(&other->node_id, node_id)) {
            namesake = compare(&name, other->nickname);
        }
    }
    return namesake;
}

void contact_json_describe(json_t *entry, const struct log_contacts *contacts,
                           const struct node_id *node_id)
{
    const struct log_contact *contact = log_contacts_find(contacts, node_id);
    const char *name = "";
    const char *namesake = NULL;
    contact_json_set(entry, contact);
    (void)json_members_string(entry, "display_name", &name, NULL);
    if (contact->nickname[0] != '\0') { /* that is what it goes by here */
        namesake = find_namesake(contact->nickname, contacts, node_id);
        (void)json_object_set_new(entry, "namesake",
                                  namesake == NULL ? json_null() : json_build_text(namesake));
    } else if (name[0] != '\0' && (namesake = find_namesake(name, contacts, node_id)) != NULL) {
        (void)json_object_set_new(entry, "namesake", json_build_text(namesake));
    }
}
