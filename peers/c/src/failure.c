#include "failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// A letter that the end of the buffer has cut through is taken off whole.
static void end_at_a_letter(char *text, size_t size) {
    size_t length = strlen(text);
    if (length + 1 < size)
        return;
    while (length > 0 && (text[length - 1] & 0xc0) == 0x80)
        length--;
    if (length > 0 && (text[length - 1] & 0x80) != 0)
        length--;
    text[length] = 0;
}

bool fail(struct failure *failure, enum failure_kind kind, const char *format, ...) {
    *failure = (struct failure){.kind = kind};
    va_list words;
    va_start(words, format);
    vsnprintf(failure->message, sizeof failure->message, format, words);
    va_end(words);
    end_at_a_letter(failure->message, sizeof failure->message);
    return false;
}

bool unsupported(struct failure *failure, const char *format, ...) {
    *failure = (struct failure){.kind = UNSUPPORTED};
    va_list words;
    va_start(words, format);
    vsnprintf(failure->what, sizeof failure->what, format, words);
    va_end(words);
    snprintf(failure->message, sizeof failure->message, "declared as unsupported: %s", failure->what);
    return false;
}

bool disconnected(struct failure *failure, enum scope scope, int code, const char *message, int length) {
    fail(failure, DISCONNECTED, "%.*s", length, message);
    failure->scope = scope;
    failure->code = code;
    return false;
}

const char *kind_name(enum failure_kind kind) {
    static const char *const names[] = {"unsupported", "refused", "disconnected", "bug"};
    return names[kind];
}

const char *scope_name(enum scope scope) {
    static const char *const names[] = {"", "channel", "connection"};
    return names[scope];
}
