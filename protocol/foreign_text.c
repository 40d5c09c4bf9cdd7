#include "protocol/foreign_text.h"

#include "core/thread.h"
#include "protocol/canonical.h"

enum result foreign_text_open(struct foreign_text *text_out, struct account *account,
                              const char *bytes, size_t length_bytes)
{
    size_t weight = length_bytes + canonical_weigh(bytes, length_bytes);
    bool could_pay = account_could_pay(account, ACCOUNT_JSON, weight);
    *text_out = (struct foreign_text){.bytes = bytes, .length_bytes = length_bytes};
    thread_expect(THREAD_PARSES);
    if (!could_pay || !account_charge(account, ACCOUNT_JSON, weight)) {
        return could_pay ? RESULT_BUSY : RESULT_FULL;
    }
    text_out->account = account_share(account);
    text_out->charged_bytes = weight;
    return RESULT_OK;
}

enum result foreign_text_parse(const struct foreign_text *text, int most_nesting,
                               json_t **value_out, struct error *error)
{
    return canonical_parse(text->bytes, text->length_bytes, most_nesting, value_out, error);
}

enum result foreign_text_read(struct foreign_text *text_out, struct account *account,
                              const struct buffer *bytes, int most_nesting, json_t **value_out,
                              struct error *error)
{
    enum result result =
        foreign_text_open(text_out, account, buffer_text(bytes), bytes->length_bytes);
    if (result == RESULT_OK) {
        result = foreign_text_parse(text_out, most_nesting, value_out, error);
    }
    if (result != RESULT_OK) {
        foreign_text_close(text_out);
    }
    return result;
}

void foreign_text_close(struct foreign_text *text)
{
    if (text->account != NULL) {
        account_give_back(text->account, ACCOUNT_JSON, text->charged_bytes);
        account_close(&text->account);
        text->charged_bytes = 0;
    }
}
