#include "session.h"

#include "link.h"
#include "text.h"
#include "values.h"

#include <stdlib.h>
#include <string.h>

// As the library's own examples ask: no limit of channels, its default frame size, no heartbeat.
enum { CHANNEL_MAX = 0, HEARTBEAT = 0 };

bool is_about_connection(int status) {
    switch (status) {
    case AMQP_STATUS_BAD_AMQP_DATA: // "the connection should be shut down immediately" (amqp.h)
    case AMQP_STATUS_UNKNOWN_CLASS:
    case AMQP_STATUS_UNKNOWN_METHOD:
    case AMQP_STATUS_HOSTNAME_RESOLUTION_FAILED:
    case AMQP_STATUS_INCOMPATIBLE_AMQP_VERSION:
    case AMQP_STATUS_CONNECTION_CLOSED:
    case AMQP_STATUS_SOCKET_ERROR:
    case AMQP_STATUS_TIMEOUT: // the library closes the socket
    case AMQP_STATUS_HEARTBEAT_TIMEOUT:
    case AMQP_STATUS_SOCKET_CLOSED:
    case AMQP_STATUS_TCP_ERROR:
        return true;
    default:
        return false;
    }
}

void lose(struct session *session, enum scope scope, int code, const char *message, int length) {
    session->lost = true;
    disconnected(&session->loss, scope, code, message, length);
}

void lose_by_method(struct session *session, amqp_method_t method) {
    if (method.id == AMQP_CHANNEL_CLOSE_METHOD) {
        const amqp_channel_close_t *close = method.decoded;
        lose(session, CHANNEL, close->reply_code, close->reply_text.bytes, (int)close->reply_text.len);
        amqp_channel_close_ok_t answer = {0};
        amqp_send_method(session->connection, THE_CHANNEL, AMQP_CHANNEL_CLOSE_OK_METHOD, &answer);
    } else {
        const amqp_connection_close_t *close = method.decoded;
        lose(session, CONNECTION, close->reply_code, close->reply_text.bytes, (int)close->reply_text.len);
        amqp_connection_close_ok_t answer = {0};
        amqp_send_method(session->connection, 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &answer);
    }
}

bool status_is_good(struct session *session, int status, struct failure *failure) {
    if (status >= AMQP_STATUS_OK)
        return true;
    const char *message = amqp_error_string2(status);
    if (!is_about_connection(status))
        return fail(failure, REFUSED, "%s", message);
    // A send fails when the broker has closed: its own words may still lie unread.
    const struct timeval now = {0, 0};
    while (!session->lost && status != AMQP_STATUS_BAD_AMQP_DATA && take_one(session, &now) == SOMETHING)
        ;
    if (!session->lost)
        lose(session, CONNECTION, 0, message, (int)strlen(message));
    *failure = session->loss;
    return false;
}

bool reply_is_good(struct session *session, amqp_rpc_reply_t reply, struct failure *failure) {
    switch (reply.reply_type) {
    case AMQP_RESPONSE_NORMAL:
        return true;
    case AMQP_RESPONSE_SERVER_EXCEPTION:
        lose_by_method(session, reply.reply);
        *failure = session->loss;
        return false;
    case AMQP_RESPONSE_LIBRARY_EXCEPTION:
        return status_is_good(session, reply.library_error, failure);
    default:
        return fail(failure, REFUSED, "the library gave no reply");
    }
}

bool is_usable(const struct session *session, struct failure *failure) {
    if (!session->lost)
        return true;
    *failure = session->loss;
    return false;
}

// --- opening and closing
// ---------------------------------------------------------------------------------------

// The broker tells the end of a consumer only to who says that he wants to hear it; the library says so if
// told.
static amqp_rpc_reply_t login(struct session *session, const struct amqp_connection_info *to) {
    amqp_table_entry_t capability = {
        .key = amqp_cstring_bytes("consumer_cancel_notify"),
        .value = {.kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1},
    };
    amqp_table_entry_t capabilities = {
        .key = amqp_cstring_bytes("capabilities"),
        .value = {.kind = AMQP_FIELD_KIND_TABLE, .value.table = {1, &capability}},
    };
    const amqp_table_t properties = {1, &capabilities};
    return amqp_login_with_properties(session->connection, to->vhost, CHANNEL_MAX, AMQP_DEFAULT_FRAME_SIZE,
                                      HEARTBEAT, &properties, AMQP_SASL_METHOD_PLAIN, to->user, to->password);
}

static bool connect_to(struct session *session, const struct amqp_connection_info *to,
                       struct failure *failure) {
    amqp_socket_t *socket = amqp_tcp_socket_new(session->connection);
    int status = socket == NULL ? AMQP_STATUS_NO_MEMORY : amqp_socket_open(socket, to->host, to->port);
    if (status < AMQP_STATUS_OK) {
        const char *message = amqp_error_string2(status);
        return disconnected(failure, CONNECTION, 0, message, (int)strlen(message));
    }
    if (!reply_is_good(session, login(session, to), failure))
        return false;
    amqp_channel_open(session->connection, THE_CHANNEL);
    return reply_is_good(session, amqp_get_rpc_reply(session->connection), failure);
}

static void free_session(struct session *session) {
    amqp_destroy_connection(session->connection);
    while (session->consumers != NULL)
        forget_consumer(session, session->consumers);
    amqp_bytes_free(session->word.text);
    free(session->unsettled);
    free(session);
}

struct session *session_open(const char *url, struct output *output, struct failure *failure) {
    char *copy = strdup(url); // the library cuts it into its parts
    struct amqp_connection_info to;
    struct session *session = NULL;
    int status = amqp_parse_url(copy, &to);
    if (status != AMQP_STATUS_OK) {
        fail(failure, REFUSED, "%s", amqp_error_string2(status)); // not the URL: it holds a password
    } else if (to.ssl) {
        fail(failure, BUG, "this adapter does not speak TLS");
    } else {
        session = calloc(1, sizeof *session);
        session->output = output;
        session->connection = amqp_new_connection();
        if (!connect_to(session, &to, failure)) {
            free_session(session);
            session = NULL;
        }
    }
    free(copy);
    return session;
}

bool session_close(struct session *session, struct failure *failure) {
    bool good = true;
    if (!(session->lost && session->loss.scope == CONNECTION)) {
        const struct timeval patience = {ANSWER_SECONDS, 0};
        amqp_set_rpc_timeout(session->connection, &patience);
        amqp_rpc_reply_t reply = amqp_connection_close(session->connection, AMQP_REPLY_SUCCESS);
        // One that the broker has closed meanwhile is closed; one that does not answer is not.
        if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION && reply.library_error == AMQP_STATUS_TIMEOUT)
            good = fail(failure, REFUSED, "connection.close had no answer in %d s", ANSWER_SECONDS);
    }
    free_session(session);
    return good;
}

int session_socket(const struct session *session) { return amqp_get_sockfd(session->connection); }

bool session_lost(const struct session *session) { return session->lost; }

// --- topology
// --------------------------------------------------------------------------------------------------

static bool flag(const json_t *request, const char *name) {
    return json_is_true(json_object_get(request, name));
}

static bool arguments_of(const json_t *request, amqp_pool_t *pool, amqp_table_t *table,
                         struct failure *failure) {
    return table_read(json_object_get(json_object_get(request, "arguments"), "value"), pool, table, failure);
}

bool session_declare_exchange(struct session *session, const json_t *request, amqp_pool_t *pool,
                              struct failure *failure) {
    const bool internal = false;
    amqp_table_t arguments;
    amqp_bytes_t name;
    if (!text_read(json_object_get(request, "name"), pool, &name, failure) ||
        !arguments_of(request, pool, &arguments, failure) || !is_usable(session, failure))
        return false;
    amqp_exchange_declare(session->connection, THE_CHANNEL, name,
                          amqp_cstring_bytes(json_string_value(json_object_get(request, "kind"))),
                          flag(request, "passive"), flag(request, "durable"), flag(request, "auto_delete"),
                          internal, arguments);
    return reply_is_good(session, amqp_get_rpc_reply(session->connection), failure);
}

bool session_declare_queue(struct session *session, const json_t *request, amqp_pool_t *pool,
                           struct failure *failure) {
    amqp_table_t arguments;
    amqp_bytes_t name;
    if (!text_read(json_object_get(request, "name"), pool, &name, failure) ||
        !arguments_of(request, pool, &arguments, failure) || !is_usable(session, failure))
        return false;
    amqp_queue_declare(session->connection, THE_CHANNEL, name, flag(request, "passive"),
                       flag(request, "durable"), flag(request, "exclusive"), flag(request, "auto_delete"),
                       arguments);
    return reply_is_good(session, amqp_get_rpc_reply(session->connection), failure);
}

bool session_bind(struct session *session, const json_t *request, amqp_pool_t *pool,
                  struct failure *failure) {
    amqp_table_t arguments;
    amqp_bytes_t queue, exchange, routing_key;
    if (!text_read(json_object_get(request, "queue"), pool, &queue, failure) ||
        !text_read(json_object_get(request, "exchange"), pool, &exchange, failure) ||
        !text_read(json_object_get(request, "routing_key"), pool, &routing_key, failure) ||
        !arguments_of(request, pool, &arguments, failure) || !is_usable(session, failure))
        return false;
    amqp_queue_bind(session->connection, THE_CHANNEL, queue, exchange, routing_key, arguments);
    return reply_is_good(session, amqp_get_rpc_reply(session->connection), failure);
}
