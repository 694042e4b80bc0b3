// Why a request could not be met, as the peer protocol has it.
#ifndef FAILURE_H
#define FAILURE_H

#include <stdbool.h>

enum failure_kind { UNSUPPORTED, REFUSED, DISCONNECTED, BUG };
enum scope { NO_SCOPE, CHANNEL, CONNECTION };

// `what` is of UNSUPPORTED alone, `code` (the broker's, 0 if none was seen) and `scope` of DISCONNECTED.
struct failure {
    enum failure_kind kind;
    char message[400];
    char what[48];
    int code;
    enum scope scope;
};

// Each fills `failure` and is false, so that it can be returned. A message too long is cut between letters.
bool fail(struct failure *failure, enum failure_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool unsupported(struct failure *failure, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool disconnected(struct failure *failure, enum scope scope, int code, const char *message, int length);

const char *kind_name(enum failure_kind kind);
const char *scope_name(enum scope scope);

#endif
