// A peer: lines in, lines out, over one session.
#ifndef PEER_H
#define PEER_H

#include "output.h"
#include "schema.h"
#include "session.h"

struct peer {
    const struct schema *requests;
    struct output *output;
    struct session *session; // NULL without a connection
};

// LAST: it was close. BROKEN: a line that holds no request, and no id to answer it by; `fault` says why.
enum answered { ANSWERED, LAST, BROKEN };
enum answered peer_answer(struct peer *peer, const char *line, size_t length, char *fault, size_t size);
void peer_disconnect(struct peer *peer);

#endif
