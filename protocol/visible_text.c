#include "protocol/visible_text.h"

#include <string.h>
#include <unicode/uchar.h>

#include "core/utf8.h"

bool visible_text_is_blank(uint32_t character)
{
    const uint32_t empty_braille = 0x2800;
    return u_isUWhiteSpace((UChar32)character) || character == empty_braille;
}

bool visible_text_is_hidden(uint32_t character)
{
    return u_charType((UChar32)character) == U_FORMAT_CHAR ||
           u_hasBinaryProperty((UChar32)character, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
}

bool visible_text_is_seen(uint32_t character)
{
    int8_t type = u_charType((UChar32)character);
    return type != U_CONTROL_CHAR && type != U_NON_SPACING_MARK && type != U_ENCLOSING_MARK &&
           !visible_text_is_blank(character) && !visible_text_is_hidden(character);
}

bool visible_text_has_any(const char *text)
{
    while (*text != '\0') {
        uint32_t character = 0;
        size_t bytes = utf8_decode(text, strnlen(text, 4), &character);
        if (visible_text_is_seen(character)) {
            return true;
        }
        text += bytes == 0 ? 1 : bytes;
    }
    return false;
}
