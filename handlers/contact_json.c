#include "handlers/contact_json.h"

#include "protocol/json_build.h"

void contact_json_set(json_t *entry, const struct log_contact *contact)
{
    (void)json_object_set_new(entry, "nickname", json_build_text(contact->nickname));
    (void)json_object_set_new(entry, "muted", json_boolean(contact->muted));
    (void)json_object_set_new(entry, "blocked", json_boolean(contact->blocked));
    (void)json_object_set_new(entry, "pinned", json_boolean(contact->pinned));
}

/* NULL: they are no namesakes. */
static const char *compare(const struct person_name_keys *name,
                           const struct person_name_keys *other)
{
    if (name->reads == other->reads) {
        return "same";
    }
    return name->looks == other->looks || name->looks_in_case == other->looks_in_case ? "alike"
                                                                                      : NULL;
}

static const char *find_namesake(const struct person_name_keys *name,
                                 const struct log_contacts *contacts, const struct node_id *node_id)
{
    const char *namesake = NULL;
    for (size_t i = 0; i < contacts->count && namesake == NULL; i++) {
        const struct log_contact *other = &contacts->list[i];
        if (other->nickname[0] != '\0' && !node_id_equal(&other->node_id, node_id)) {
            namesake = compare(name, &other->keys);
        }
    }
    return namesake;
}

const char *contact_json_namesake(const struct log_contacts *contacts,
                                  const struct node_id *node_id, const struct node_look *look)
{
    const struct log_contact *contact = log_contacts_find(contacts, node_id);
    if (contact->nickname[0] != '\0') { /* that is what it goes by here */
        return find_namesake(&contact->keys, contacts, node_id);
    }
    const char *namesake =
        look->display_name[0] == '\0' ? NULL : find_namesake(&look->name_keys, contacts, node_id);
    return namesake != NULL ? namesake : look->namesake;
}
