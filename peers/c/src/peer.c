#include "peer.h"

#include "message.h"
#include "text.h"
#include "values.h"

#include <gnu/libc-version.h>
#include <string.h>

// What a request is answered with: ok and nothing more, unless its handler says otherwise.
struct answer {
    json_t *line; // the reply, where it is another than ok
    json_t *then; // an event that follows it
};

typedef bool handler(struct peer *peer, const json_t *request, amqp_pool_t *pool, struct answer *answer,
                     struct failure *failure);

static bool flag(const json_t *request, const char *name) {
    return json_is_true(json_object_get(request, name));
}

// A flag whose default is true.
static bool flag_or_true(const json_t *request, const char *name) {
    return !json_is_false(json_object_get(request, name));
}

static uint64_t tag_of(const json_t *request) {
    return (uint64_t)json_integer_value(json_object_get(request, "delivery_tag"));
}

static bool connected(const struct peer *peer, struct failure *failure) {
    return peer->session != NULL || disconnected(failure, NO_SCOPE, 0, "no connection is open", 21);
}

// --- of itself
// -------------------------------------------------------------------------------------------------

static void append_all(json_t *list, const char *const *words) {
    for (; *words != NULL; words++)
        json_array_append_new(list, json_string(*words));
}

// amqp_queue_declare takes every flag, and C has no value for one that is left out.
static const char DEFAULTS[] = "declare_queue:defaults";

static bool describe(struct peer *peer, const json_t *request, amqp_pool_t *pool, struct answer *answer,
                     struct failure *failure) {
    (void)peer, (void)pool, (void)failure;
    json_t *types = json_array(), *limits = json_pack("[s,s]", "framing", DEFAULTS);
    append_all(types, VALUE_TYPES);
    append_all(limits, VALUE_LIMITS);
    answer->line = json_pack("{s:s,s:O,s:s,s:s,s:s,s:o,s:[s,s],s:o,s:o}", "type", "described", "id",
                             json_object_get(request, "id"), "library", "rabbitmq-c", "version",
                             amqp_version(), "language", "c", "runtime",
                             json_sprintf("gcc %s, glibc %s", __VERSION__, gnu_get_libc_version()), "roles",
                             "producer", "consumer", "types", types, "unsupported", limits);
    return true;
}

// --- connections
// -----------------------------------------------------------------------------------------------

static bool close_session(struct peer *peer, struct failure *failure) {
    struct session *open = peer->session;
    peer->session = NULL;
    return open == NULL || session_close(open, failure);
}

void peer_disconnect(struct peer *peer) {
    struct failure failure;
    close_session(peer, &failure);
}

static bool connect_to(struct peer *peer, const json_t *request, amqp_pool_t *pool, struct answer *answer,
                       struct failure *failure) {
    (void)pool, (void)answer;
    if (!close_session(peer, failure))
        return false;
    peer->session = session_open(json_string_value(json_object_get(request, "url")), peer->output, failure);
    return peer->session != NULL;
}

static bool close_it(struct peer *peer, const json_t *request, amqp_pool_t *pool, struct answer *answer,
                     struct failure *failure) {
    (void)request, (void)pool, (void)answer;
    return close_session(peer, failure);
}

// --- topology
// --------------------------------------------------------------------------------------------------

static bool declare_exchange(struct peer *peer, const json_t *request, amqp_pool_t *pool,
                             struct answer *answer, struct failure *failure) {
    (void)answer;
    return connected(peer, failure) && session_declare_exchange(peer->session, request, pool, failure);
}

static bool declare_queue(struct peer *peer, const json_t *request, amqp_pool_t *pool, struct answer *answer,
                          struct failure *failure) {
    (void)answer;
    if (json_is_true(json_object_get(request, "defaults")))
        return unsupported(failure, DEFAULTS);
    return connected(peer, failure) && session_declare_queue(peer->session, request, pool, failure);
}

static bool bind_queue(struct peer *peer, const json_t *request, amqp_pool_t *pool, struct answer *answer,
                       struct failure *failure) {
    (void)answer;
    return connected(peer, failure) && session_bind(peer->session, request, pool, failure);
}

// --- publishing
// ------------------------------------------------------------------------------------------------

static bool publication_read(const json_t *request, amqp_pool_t *pool, struct publication *made,
                             struct failure *failure) {
    const json_t *message = json_object_get(request, "message"),
                 *framing = json_object_get(message, "framing");
    if (framing != NULL && !json_is_null(framing))
        return unsupported(failure, "framing");
    made->mandatory = flag(request, "mandatory");
    return text_read(json_object_get(request, "exchange"), pool, &made->exchange, failure) &&
           text_read(json_object_get(request, "routing_key"), pool, &made->routing_key, failure) &&
           properties_read(json_object_get(message, "properties"), pool, &made->properties, failure) &&
           body_read(json_object_get(message, "body"), pool, &made->body, failure);
}

static json_t *outcome_write(const struct outcome *outcome, json_t *id) {
    if (outcome->returned)
        return json_pack("{s:s,s:O,s:i,s:o}", "type", "returned", "id", id, "code", outcome->code, "text",
                         text_write(outcome->text));
    return json_pack("{s:s,s:O}", "type", outcome->acked ? "confirmed" : "nacked", "id", id);
}

static bool publish(struct peer *peer, const json_t *request, amqp_pool_t *pool, struct answer *answer,
                    struct failure *failure) {
    struct publication publication;
    struct outcome outcome;
    if (!publication_read(request, pool, &publication, failure) || !connected(peer, failure))
        return false;
    if (!flag(request, "confirm"))
        return session_publish(peer->session, &publication, failure);
    if (!session_confirm(peer->session, &publication, &outcome, failure))
        return false;
    answer->line = outcome_write(&outcome, json_object_get(request, "id"));
    amqp_bytes_free(outcome.text);
    return true;
}

// --- consuming
// -------------------------------------------------------------------------------------------------

static bool consume(struct peer *peer, const json_t *request, amqp_pool_t *pool, struct answer *answer,
                    struct failure *failure) {
    (void)answer;
    return connected(peer, failure) && session_consume(peer->session, request, pool, failure);
}

static bool cancel(struct peer *peer, const json_t *request, amqp_pool_t *pool, struct answer *answer,
                   struct failure *failure) {
    (void)answer;
    amqp_bytes_t queue;
    return connected(peer, failure) && text_read(json_object_get(request, "queue"), pool, &queue, failure) &&
           session_cancel(peer->session, queue, failure);
}

static bool get(struct peer *peer, const json_t *request, amqp_pool_t *pool, struct answer *answer,
                struct failure *failure) {
    amqp_bytes_t queue;
    if (!connected(peer, failure) || !text_read(json_object_get(request, "queue"), pool, &queue, failure) ||
        !session_get(peer->session, queue, &answer->then, failure))
        return false;
    if (answer->then == NULL)
        answer->line = json_pack("{s:s,s:O}", "type", "empty", "id", json_object_get(request, "id"));
    return true;
}

static bool ack(struct peer *peer, const json_t *request, amqp_pool_t *pool, struct answer *answer,
                struct failure *failure) {
    (void)pool, (void)answer;
    return connected(peer, failure) &&
           session_ack(peer->session, tag_of(request), flag(request, "multiple"), failure);
}

static bool nack(struct peer *peer, const json_t *request, amqp_pool_t *pool, struct answer *answer,
                 struct failure *failure) {
    (void)pool, (void)answer;
    return connected(peer, failure) && session_nack(peer->session, tag_of(request), flag(request, "multiple"),
                                                    flag_or_true(request, "requeue"), failure);
}

static bool reject(struct peer *peer, const json_t *request, amqp_pool_t *pool, struct answer *answer,
                   struct failure *failure) {
    (void)pool, (void)answer;
    return connected(peer, failure) &&
           session_reject(peer->session, tag_of(request), flag_or_true(request, "requeue"), failure);
}

// --- lines
// -----------------------------------------------------------------------------------------------------

static const struct {
    const char *op;
    handler *handle;
} HANDLERS[] = {
    {"publish", publish}, {"ack", ack},         {"describe", describe},
    {"nack", nack},       {"reject", reject},   {"declare_exchange", declare_exchange},
    {"get", get},         {"consume", consume}, {"declare_queue", declare_queue},
    {"bind", bind_queue}, {"cancel", cancel},   {"connect", connect_to},
    {"close", close_it},
};

static handler *handler_of(const char *op) {
    for (size_t i = 0; i < sizeof HANDLERS / sizeof *HANDLERS; i++)
        if (strcmp(HANDLERS[i].op, op) == 0)
            return HANDLERS[i].handle;
    return NULL;
}

static void meet(struct peer *peer, const json_t *request, json_int_t id) {
    struct answer answer = {NULL, NULL};
    struct failure failure;
    amqp_pool_t pool;
    init_amqp_pool(&pool, 4096);
    handler *handle = handler_of(json_string_value(json_object_get(request, "op")));
    if (handle == NULL)
        fail(&failure, BUG, "the contract has a request that this adapter does not know");
    if (handle == NULL || !handle(peer, request, &pool, &answer, &failure))
        output_failure(peer->output, id, &failure);
    else if (answer.line != NULL)
        output_line(peer->output, answer.line);
    else
        output_ok(peer->output, id);
    if (answer.then != NULL)
        output_line(peer->output, answer.then);
    empty_amqp_pool(&pool);
}

static bool is_last(const json_t *request) {
    return strcmp(json_string_value(json_object_get(request, "op")), "close") == 0;
}

enum answered peer_answer(struct peer *peer, const char *line, size_t length, char *fault, size_t size) {
    json_error_t error;
    json_t *request = json_loadb(line, length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (request == NULL) {
        strncpy(fault, error.text, size - 1);
        return BROKEN;
    }
    enum answered answered = ANSWERED;
    json_int_t id = json_integer_value(json_object_get(request, "id"));
    if (schema_check(peer->requests, request, fault, size)) {
        meet(peer, request, id);
        answered = is_last(request) ? LAST : ANSWERED;
    } else if (id > 0) {
        struct failure failure;
        fail(&failure, BUG, "not a request: %s", fault);
        output_failure(peer->output, id, &failure);
    } else {
        answered = BROKEN;
    }
    json_decref(request);
    return answered;
}
