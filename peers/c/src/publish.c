// Publishing, and waiting for the broker's word on it.
#include "link.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static void expect(struct session *session, uint64_t tag) {
    if (session->unsettled_count == session->unsettled_room) {
        session->unsettled_room = session->unsettled_room * 2 + 64;
        session->unsettled =
            realloc(session->unsettled, session->unsettled_room * sizeof *session->unsettled);
    }
    session->unsettled[session->unsettled_count++] = tag;
}

void settle(struct session *session, uint64_t tag, bool multiple, bool acked) {
    session->word.acked = acked;
    size_t kept = 0;
    for (size_t i = 0; i < session->unsettled_count; i++) {
        uint64_t waiting = session->unsettled[i];
        if (waiting != tag && !(multiple && (waiting < tag || tag == 0)))
            session->unsettled[kept++] = waiting;
    }
    session->unsettled_count = kept;
}

bool session_publish(struct session *session, const struct publication *publication,
                     struct failure *failure) {
    const bool immediate = false;
    if (!is_usable(session, failure))
        return false;
    int status =
        amqp_basic_publish(session->connection, THE_CHANNEL, publication->exchange, publication->routing_key,
                           publication->mandatory, immediate, &publication->properties, publication->body);
    if (!status_is_good(session, status, failure))
        return false;
    if (session->confirming)
        expect(session, ++session->published);
    return true;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// Wait until the broker has settled all that was published. No answer is the library's refusal.
static bool all_settled(struct session *session, struct failure *failure) {
    double deadline = seconds() + ANSWER_SECONDS, left;
    while (session->unsettled_count > 0) {
        if ((left = deadline - seconds()) <= 0)
            return fail(failure, REFUSED, "no confirm in %d s", ANSWER_SECONDS);
        struct timeval patience = {(time_t)left, (suseconds_t)((left - (double)(time_t)left) * 1e6)};
        if (take_one(session, &patience) == LOST) {
            *failure = session->loss;
            return false;
        }
    }
    return true;
}

static bool confirm_mode(struct session *session, struct failure *failure) {
    if (session->confirming)
        return true;
    amqp_confirm_select(session->connection, THE_CHANNEL);
    session->confirming = reply_is_good(session, amqp_get_rpc_reply(session->connection), failure);
    return session->confirming;
}

// basic.return comes before its ack and carries no tag, so all that was published before must be settled
// first: then what is returned is this message.
bool session_confirm(struct session *session, const struct publication *publication, struct outcome *outcome,
                     struct failure *failure) {
    if (!is_usable(session, failure) || !confirm_mode(session, failure) || !all_settled(session, failure))
        return false;
    amqp_bytes_free(session->word.text);
    session->word = (struct outcome){0};
    if (!session_publish(session, publication, failure) || !all_settled(session, failure))
        return false;
    *outcome = session->word;
    session->word = (struct outcome){0};
    return true;
}
